"""How a component tells the person who watches the run how far it is."""

import logging

_logger = logging.getLogger("image_pipeline.progress")


def report_progress(
    component: str, message: str, done: int | None = None, total: int | None = None
) -> None:
    """Logs one step of progress; the terminal shows it, any other listener may too.

    Args:
        component: Id of the component, as in the pipeline.
        message: What is being done or was found, in a few words.
        done: How many of `total` are done, where that can be counted.
        total: How many there are.
    """
    progress = {"component": component, "message": message, "done": done, "total": total}
    _logger.info("%s: %s", component, message, extra={"progress": progress})
