"""Work for Beam that is done without it where Beam would do it in this process anyway.

Beam's own runner plans, pickles and copies for seconds before it starts, in one thread; nothing of
that is gained back on one machine.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions


def is_in_one_process(beam_args: Sequence[str] | None) -> bool:
    """Whether Beam, with these options of its command line, would run in this process alone."""
    options = PipelineOptions(list(beam_args or ()))
    mode = options.view_as(DirectOptions).direct_running_mode
    return is_on_this_machine(options.view_as(StandardOptions).runner) and mode == "in_memory"


def is_on_this_machine(runner: str | None) -> bool:
    """Whether a runner is Beam's `DirectRunner`, in any of its spellings; None is the default."""
    name = (runner or "direct").rpartition(".")[2].lower()
    return name in ("direct", "directrunner")


def run_in_process(do_fn: beam.DoFn, elements: Iterable[Any]) -> Iterator[Any]:
    """Does in this process what a ParDo does on Beam's workers; yields what that yields."""
    do_fn.setup()
    try:
        for element in elements:
            yield from do_fn.process(element)
    finally:
        do_fn.teardown()
