"""The call of `run_fn` as a file on the pipeline root, which every pod mounts."""

import json
from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs

CALL_FILE = "training_call.json"
"""Its name in the Trainer's `model_run` artifact."""


def write_call(run_fn: str, fn_args: "FnArgs") -> str:
    """Writes it into `fn_args.model_run_dir`, and returns its path.

    Args:
        run_fn: Import path of the function.
        fn_args: Its arguments. `data_accessor` is left out: it has functions, which JSON cannot
            represent, and our `run_fn` reads its files itself.
    """
    import attr

    values = attr.asdict(
        fn_args, recurse=False, filter=lambda field, _: field.name != "data_accessor"
    )
    tf.io.gfile.makedirs(fn_args.model_run_dir)
    path = f"{fn_args.model_run_dir}/{CALL_FILE}"
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps({"run_fn": run_fn, "fn_args": values}, indent=2))
    return path


def read_call(path: str) -> tuple[str, "FnArgs"]:
    """The import path of `run_fn`, and its arguments."""
    from tfx.components.trainer.fn_args_utils import FnArgs

    with tf.io.gfile.GFile(path) as file:
        call: dict[str, Any] = json.load(file)
    return call["run_fn"], FnArgs(**call["fn_args"])
