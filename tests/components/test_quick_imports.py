"""Garbage is looked for again after imports, whatever became of them, and not among the modules."""

import gc

import pytest

from components.quick_imports import quick_imports


def test_garbage_collection_is_off_during_imports() -> None:
    before = gc.get_freeze_count()
    try:
        with quick_imports():
            assert not gc.isenabled()
        assert gc.isenabled() and gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


def test_a_failed_import_turns_it_on_again() -> None:
    try:
        with pytest.raises(ModuleNotFoundError), quick_imports():
            import no_such_module  # type: ignore[import-not-found]  # noqa: F401
        assert gc.isenabled()
    finally:
        gc.unfreeze()
