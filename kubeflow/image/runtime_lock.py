"""Prints requirements.lock without the packages that only development needs.

    python runtime_lock.py requirements.lock setup.py > runtime.lock

A package is kept if setup.py or a kept package requires it: uv notes under each package what
requires it (`# via`). Uses only the standard library: it runs before anything is installed.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path


def runtime_lock(lock: str, setup: str) -> str:
    """The locked packages that the pipeline needs, each with its hashes.

    Args:
        lock: Text of requirements.lock.
        setup: Text of setup.py.

    Raises:
        ValueError: The lock lacks a package that setup.py requires.
    """
    entries = dict(_entries(lock))
    required_by = {name: set(re.findall(r"^    # (?:via |  )(\S+)", text, re.M))
                for name, text in entries.items()}  # fmt: skip
    kept = set(_required(setup))
    if missing := kept - entries.keys():
        raise ValueError(f"requirements.lock lacks {', '.join(sorted(missing))}; run 'make lock'")
    while more := {name for name in entries.keys() - kept if required_by[name] & kept}:
        kept |= more
    return "".join(text for name, text in entries.items() if name in kept)


def _entries(lock: str) -> Iterator[tuple[str, str]]:
    for text in re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.M):
        if match := re.match(r"([A-Za-z0-9._-]+)==", text):
            yield match[1], text


def _required(setup: str) -> Iterator[str]:
    """Names in setup.py's INSTALL_REQUIRES, as the lock writes them."""
    for node in ast.parse(setup).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "INSTALL_REQUIRES":
            for requirement in ast.literal_eval(node.value):
                yield re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()


if __name__ == "__main__":
    sys.stdout.write(runtime_lock(*(Path(name).read_text() for name in sys.argv[1:])))
