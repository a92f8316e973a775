"""Which package may import which, how large a folder is, and that tests mirror the product."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.repository import REPOSITORY

MAY_IMPORT = {
    "components": {"components"},
    "trainer": {"trainer", "components"},
    "pipeline": {"pipeline", "components", "trainer"},
    "kubeflow": {"kubeflow", "pipeline", "components", "trainer"},
    "benchmarks": {"benchmarks", "pipeline", "components", "trainer"},
    "examples": set(),
}
MOST_FILES = 16
TESTS = REPOSITORY / "tests"
# Tests of whole runs, of the documents and of the repository mirror nothing.
WITHOUT_MIRROR = ("e2e", "docs", "fakes")


def imports(file: Path, only_at_import: bool = False) -> Iterator[str]:
    """Names of the modules that a file imports, `package.module` or `package.module.name`."""
    tree = ast.parse(file.read_text())
    package = file.relative_to(REPOSITORY).parent.parts
    for node in _at_import(tree) if only_at_import else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*parents, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported: neither functions nor what is for type checkers only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _at_import(child)


def modules(package: str) -> dict[str, Path]:
    """The files of a package by their modules' names."""
    files = {}
    for file in sorted((REPOSITORY / package).rglob("*.py")):
        parts = file.relative_to(REPOSITORY).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return files


def module_of(name: str, known: dict[str, Path]) -> str | None:
    """The module that an imported name is, or is in."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or None


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    forbidden = set(MAY_IMPORT) - MAY_IMPORT[package]
    for file in (REPOSITORY / package).rglob("*.py"):
        for name in imports(file):
            assert name.split(".")[0] not in forbidden, f"{file} imports {name}"


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_modules_import_each_other_in_no_circle(package: str) -> None:
    known = modules(package)
    graph = {
        module: {module_of(name, known) for name in imports(file, only_at_import=True)} - {module}
        for module, file in known.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"circle of imports: {' <- '.join(map(str, error.args[1]))}")


def two_way_folders(package: str) -> set[tuple[str, str]]:
    """Pairs of sibling folders of which each imports the other, also in functions."""
    known = modules(package)
    arrows = set()
    for module, file in known.items():
        for name in imports(file):
            other = module_of(name, known)
            if other is None:
                continue
            here, there = module.split("."), other.split(".")
            depth = 0
            while depth < min(len(here), len(there)) and here[depth] == there[depth]:
                depth += 1
            ends = ".".join(here[: depth + 1]), ".".join(there[: depth + 1])
            if all((REPOSITORY / end.replace(".", "/")).is_dir() for end in ends):
                arrows.add(ends)
    return {(a, b) for a, b in arrows if a < b and (b, a) in arrows}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_two_folders_import_each_other(package: str) -> None:
    assert two_way_folders(package) == set()


def test_no_folder_is_too_full() -> None:
    for package in MAY_IMPORT:
        for folder in [REPOSITORY / package, *(REPOSITORY / package).rglob("*/")]:
            files = {file.name for file in folder.glob("*.py")} - {"__init__.py"}
            assert len(files) <= MOST_FILES, f"{folder} holds {len(files)} Python files"


def test_every_test_mirrors_a_file_or_folder_of_the_product() -> None:
    strangers = []
    for test in TESTS.rglob("test_*.py"):
        place = test.relative_to(TESTS)
        if place.parts[0] in WITHOUT_MIRROR or len(place.parts) == 1:
            continue
        folder = REPOSITORY / place.parent
        subject = test.stem.removeprefix("test_")
        # `test_a.py` or `test_a_aspect.py` for a file or folder a; or for the folder it lies in.
        names = [path.name.split(".")[0].lower() for path in folder.glob("*")] + [folder.name]
        known = {name.replace("-", "_") for name in names}
        if not any(subject == name or subject.startswith(f"{name}_") for name in known):
            strangers.append(str(place))
    assert strangers == []


def test_stand_ins_are_in_fakes() -> None:
    """Of the tests' own files, only fakes hold classes and helpers for other tests."""
    allowed = {"__init__.py", "conftest.py"}
    strangers = [
        str(file.relative_to(TESTS))
        for file in TESTS.rglob("*.py")
        if not file.name.startswith("test_")
        and file.name not in allowed
        and file.relative_to(TESTS).parts[0] not in WITHOUT_MIRROR
    ]
    assert sorted(strangers) == ["kubeflow/compile/renew_golden.py", "repository.py"]
    with_classes = [
        str(file.relative_to(TESTS))
        for file in TESTS.rglob("conftest.py")
        if any(isinstance(node, ast.ClassDef) for node in ast.walk(ast.parse(file.read_text())))
    ]
    assert with_classes == []
