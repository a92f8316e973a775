"""Work for Beam that is done without it where Beam would do it in this process anyway.

Beam's own runner plans, pickles and copies for seconds before it starts, in one thread; nothing of
that is gained back on one machine.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions


def is_in_one_process(beam_args: Sequence[str] | None) -> bool:
    """Whether Beam would run in this process alone.

    Args:
        beam_args: Its options, as on a command line.
    """
    options = PipelineOptions(list(beam_args or ()))
    mode = options.view_as(DirectOptions).direct_running_mode
    return is_on_this_machine(options.view_as(StandardOptions).runner) and mode == "in_memory"


def is_on_this_machine(runner: str | None) -> bool:
    """Whether a runner is Beam's `DirectRunner`, in any of its spellings.

    Args:
        runner: As Beam's option names it; None is Beam's default.
    """
    name = (runner or "direct").rpartition(".")[2].lower()
    return name in ("direct", "directrunner")


def run_in_process(do_fn: beam.DoFn, elements: Iterable[Any]) -> Iterator[Any]:
    """Does in this process what a ParDo does on Beam's workers.

    Args:
        do_fn: The function.
        elements: What it is called with, one after the other.

    Yields:
        What it yields.
    """
    do_fn.setup()
    try:
        for element in elements:
            yield from do_fn.process(element)
    finally:
        do_fn.teardown()
