"""The name of a training's state."""

from typing import Any

from tfx.components.trainer.fn_args_utils import FnArgs

from trainer.task import name_training


def _name(policy: str = "float32", **arguments: Any) -> str:
    files = {"train_files": ["b", "a"], "eval_files": ["c"], "transform_graph_path": "graph"}
    return name_training(FnArgs(**{**files, **arguments}), policy)


def test_a_training_is_named_after_all_that_its_state_depends_on() -> None:
    assert _name() == _name(train_files=["a", "b"])
    others = [
        _name("mixed_bfloat16"),
        _name(train_files=["a"]),
        _name(eval_files=["d"]),
        _name(transform_graph_path="other"),
        _name(base_model="model"),
        _name(custom_config={"trainer": "{}"}),
    ]
    assert len({_name(), *others}) == 7
