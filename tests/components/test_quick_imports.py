"""Garbage is looked for again after imports, whatever became of them, and not among the modules."""

import gc

import pytest

from components.quick_imports import quick_imports


def test_garbage_is_not_looked_for_meanwhile() -> None:
    before = gc.get_freeze_count()
    try:
        with quick_imports():
            assert not gc.isenabled()
        assert gc.isenabled() and gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


def test_an_import_that_fails_leaves_it_on() -> None:
    try:
        with pytest.raises(ModuleNotFoundError), quick_imports():
            import no_such_module  # type: ignore[import-not-found]  # noqa: F401
        assert gc.isenabled()
    finally:
        gc.unfreeze()
