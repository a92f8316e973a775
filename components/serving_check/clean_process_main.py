"""Loads and calls a SavedModel; the script of a process that has only TensorFlow.

    python -I clean_process_main.py MODEL CALLS

MODEL is the SavedModel's folder, CALLS a folder with `calls.json` and the images that it names. The
result of each call is one line of JSON on the original standard output:

    {"name": ..., "outputs": {output: {"dtype": ..., "shape": [...], "values": [...]}}}
    {"name": ..., "error": "why it failed"}
    {"name": ..., "done": 25}                                   calls made so far
    {"name": ..., "milliseconds": [...], "memory_bytes": [...]}  of every call; at intervals

It imports nothing of this project, and exits when its standard input closes.
"""

import ctypes
import gc
import importlib.abc
import importlib.metadata
import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

LOAD = "load"
_SAMPLES = 100
"""How many times memory is measured in a series of calls."""
_MIN_CALLS = 20
"""This many calls are made however long they take: fewer give no useful percentiles."""
_NOISE = ("Graph execution error:", "Detected at node", "<stack traces")


class OnlyTensorFlow(importlib.abc.MetaPathFinder):
    """Refuses to import anything but the standard library and TensorFlow with its dependencies."""

    def __init__(self) -> None:
        self._allowed = sys.stdlib_module_names | _modules_of("tensorflow")

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        """Leaves allowed modules to the other finders.

        Raises:
            ModuleNotFoundError: The module is not allowed.
        """
        if fullname.partition(".")[0] not in self._allowed:
            raise ModuleNotFoundError(f"{fullname} does not come with TensorFlow", name=fullname)


def _modules_of(package: str) -> set[str]:
    """Top-level modules of a package and of everything that it requires."""
    todo = list(importlib.metadata.packages_distributions()[package])
    modules, seen = set(), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # Required on other systems only.
        modules |= {file.parts[0].partition(".")[0] for file in distribution.files or ()}
        for requirement in distribution.requires or ():
            if "extra ==" not in requirement:
                todo += re.findall(r"^[\w.-]+", requirement)
    return modules


def main() -> None:
    """Makes every call and sends its result."""
    model, folder = sys.argv[1], Path(sys.argv[2])
    # TensorFlow may print to stdout; it gets stderr, so that only results reach the parent.
    results = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.meta_path.insert(0, OnlyTensorFlow())

    def send(name: str, **result: Any) -> None:
        print(json.dumps({"name": name, **result}), file=results)

    try:
        serve = _load(model)
    except Exception as error:
        send(LOAD, error=describe(error))
        return
    send(LOAD, outputs={})
    for call in json.loads((folder / "calls.json").read_text()):
        images = [(folder / name).read_bytes() for name in call["images"]]
        try:
            if "calls" in call:
                _measure(serve, call, images, send)
            else:
                send(call["name"], outputs=_encode(serve(images)))
        except Exception as error:
            send(call["name"], error=describe(error))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _load(folder: str) -> Any:
    """The model's `serving_default`, as a function of a list of bytes."""
    # As `components.quick_imports` does it.
    gc.disable()
    import tensorflow as tf

    gc.freeze()
    gc.enable()

    model = tf.saved_model.load(folder)
    signature = model.signatures["serving_default"]
    inputs = list(signature.structured_input_signature[1])
    if len(inputs) != 1:
        raise ValueError(f"serving_default takes {len(inputs)} inputs; it must take one, the bytes")

    def serve(images: list[bytes]) -> Any:
        # This reference keeps the model's variables alive as long as the function.
        assert model
        outputs = signature(**{inputs[0]: tf.constant(images, tf.string)})
        return {name: value.numpy() for name, value in outputs.items()}

    return serve


def _encode(outputs: Any) -> dict[str, Any]:
    """Arrays as JSON, which represents every float32 exactly."""
    return {
        name: {
            "dtype": "string" if array.dtype == object else str(array.dtype),
            "shape": list(array.shape),
            "values": [
                value.decode("utf-8", "replace") if isinstance(value, bytes) else value
                for value in array.ravel().tolist()
            ],
        }
        for name, array in outputs.items()
    }


def _measure(serve: Any, call: dict[str, Any], images: list[bytes], send: Any) -> None:
    """Calls the model repeatedly; measures the time of each call and the memory."""
    calls, size = call["calls"], call["batch_size"]
    every = max(1, calls // _SAMPLES)
    milliseconds, memory = [], []
    # TensorFlow's own objects are permanent; scanning them takes half a second.
    gc.collect()
    gc.freeze()
    end = time.monotonic() + call["max_seconds"]
    for number in range(calls):
        batch = [images[(number * size + index) % len(images)] for index in range(size)]
        start = time.perf_counter()
        serve(batch)
        milliseconds.append(round(1000 * (time.perf_counter() - start), 3))
        if (number + 1) % every == 0:
            memory.append(_memory_bytes())
            send(call["name"], done=number + 1)
        if number + 1 >= _MIN_CALLS and time.monotonic() > end:
            break
    send(call["name"], milliseconds=milliseconds, memory_bytes=memory)


def _memory_bytes() -> int:
    """Resident memory of this process: without files' pages, without free heap memory."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # GNU's C library only.
    if trim:
        trim(0)
    _, resident, of_files = Path("/proc/self/statm").read_text().split()[:3]
    return (int(resident) - int(of_files)) * os.sysconf("SC_PAGE_SIZE")


def describe(error: Exception) -> str:
    """An error in one line: the most informative one of TensorFlow's many."""
    lines = (line.strip() for line in str(error).splitlines())
    informative = (line for line in lines if line and not line.startswith(_NOISE))
    return f"{type(error).__name__}: {next(informative, 'no message')}"


if __name__ == "__main__":
    main()
    # TensorFlow's threads would keep the process running for a while.
    sys.stdout.flush()
    os._exit(0)
