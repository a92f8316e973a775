"""What is wrong with a configuration, as lines for a terminal or a log."""

import shutil
import textwrap
from collections.abc import Iterator, Sequence

from pipeline.config_problems import Problem


def refusal_lines(source: str, problems: Sequence[Problem]) -> Iterator[str]:
    """How many problems there are, then each.

    Args:
        source: What cannot be used: a file or an option.
        problems: What is wrong with it.
    """
    number = len(problems)
    yield f"{source} cannot be used: {number} problem{'s' * (number > 1)}"
    yield from problem_lines(problems)


def problem_lines(problems: Sequence[Problem]) -> Iterator[str]:
    """Each problem under its path."""
    width = min(shutil.get_terminal_size().columns, 100)
    for problem in problems:
        indent = "      " if problem.path else "  "
        if problem.path:
            yield f"\n  {problem.path}"
        yield textwrap.fill(
            problem.message,
            width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
