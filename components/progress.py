"""How a component reports its progress to the person who watches the run."""

import logging
from typing import Any

_logger = logging.getLogger("image_pipeline.progress")


def report_progress(
    component: str, message: str, done: int | None = None, total: int | None = None
) -> None:
    """Logs one step of progress; the terminal shows it, any other listener may too.

    `component` is its id in the pipeline; `done` of `total` is given where it can be counted.
    """
    _report(component=component, message=message, done=done, total=total)


def report_note(component: str, message: str) -> None:
    """Logs what the person who watches should still see while the component continues."""
    _report(component=component, message=message, is_note=True)


def _report(**progress: Any) -> None:
    component, message = progress["component"], progress["message"]
    _logger.info("%s: %s", component, message, extra={"progress": progress})
