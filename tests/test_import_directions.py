"""Data flows one way: who may import whom."""

import ast

import pytest

from tests.repository import REPOSITORY

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
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] not in forbidden, f"{file} imports {name}"
