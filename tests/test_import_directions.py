"""Data flows one way: who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository import REPOSITORY

# Folders of a package, each of which may import only those before it; the package's own modules
# import the folders, and no folder imports those.
FOLDERS = {"trainer": ("bundled", "network", "data", "stages")}
MAY_IMPORT = {
    "components": {"components"},
    "trainer": {"trainer", "components"},
    "pipeline": {"pipeline", "components", "trainer"},
    "kubeflow": {"kubeflow", "pipeline", "components", "trainer"},
    "benchmarks": {"benchmarks", "pipeline", "components", "trainer"},
}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_package_imports_only_what_it_may(package: str) -> None:
    forbidden = set(MAY_IMPORT) - MAY_IMPORT[package]
    for file in (REPOSITORY / package).rglob("*.py"):
        for name in imports_of(file):
            assert name.split(".")[0] not in forbidden, f"{file} imports {name}"


@pytest.mark.parametrize("package", FOLDERS)
def test_folders_import_each_other_in_one_direction(package: str) -> None:
    for place, folder in enumerate(FOLDERS[package]):
        allowed = FOLDERS[package][: place + 1]
        for file in (REPOSITORY / package / folder).rglob("*.py"):
            for name in imports_of(file):
                top, _, rest = name.partition(".")
                is_allowed = top != package or rest.split(".")[0] in allowed
                assert is_allowed, f"{file} imports {name}"


def imports_of(file: Path) -> Iterator[str]:
    """The modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
