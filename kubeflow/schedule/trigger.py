"""When a schedule runs: as users write it, and as Kubeflow Pipelines takes it."""

import re
from dataclasses import dataclass
from datetime import datetime, timezone

from components.errors import UserError

from .cron import parse_cron
from .timezone import find_zone, minutes_between, move, next_change

# A pipeline that trains a model takes minutes: anything shorter is a mistake.
_LEAST_SECONDS = 60
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True)
class Trigger:
    """When runs start: by the calendar, or after a number of seconds.

    Attributes:
        words: For people.
        cron: Six fields on the cluster's clock, or None.
        interval_seconds: Seconds from one start to the next, or None.
        next_start: When the next run starts, if that is known here.
        note: A warning about it, or nothing.
    """

    words: str
    cron: str | None = None
    interval_seconds: int | None = None
    next_start: datetime | None = None
    note: str = ""


def cron_trigger(
    expression: str, zone_name: str | None, cluster_zone_name: str, now: datetime | None = None
) -> Trigger:
    """Reads --cron, --timezone and --cluster-timezone.

    Without a zone, the expression is in the cluster's.

    Raises:
        UserError: If it is not valid, or cannot be expressed in the cluster's time zone.
    """
    now = now or datetime.now(timezone.utc)
    cron = parse_cron(expression)
    if len(cron.values("second")) > 1:
        raise UserError(
            f"--cron {expression!r} starts several runs a minute",
            "The first of six fields is the second: 0, or leave it out.",
        )
    there = find_zone(cluster_zone_name, "--cluster-timezone")
    here = find_zone(zone_name, "--timezone") if zone_name else there
    moved = move(cron, minutes_between(here, there, now))
    change = next_change(here, there, now)
    note = ""
    if change is not None:
        note = (
            f"On {change} the difference between {here.key} and the cluster's {there.key} changes, "
            "and runs start at another hour. Give this command again then: it corrects that."
        )
    return Trigger(
        words=f"by cron {expression!r}, {here.key}",
        cron=moved.expression,
        next_start=next(moved.times(now.astimezone(there))).astimezone(here),
        note=note,
    )


def interval_trigger(text: str) -> Trigger:
    """Reads --every: `6h`, `90m`, `1d12h`.

    Raises:
        UserError: If it is not a duration, or a very short one.
    """
    parts = re.findall(r"(\d+)([dhms])", text)
    if not parts or "".join(map("".join, parts)) != text:
        raise UserError(f"--every {text!r} is not a duration", "For example 6h, 90m, 1d or 1d12h.")
    seconds = sum(int(number) * _SECONDS[unit] for number, unit in parts)
    if seconds < _LEAST_SECONDS:
        raise UserError(f"--every {text!r} is too short: at least 1m")
    return Trigger(words=f"every {text}", interval_seconds=seconds)


def interval_words(seconds: int) -> str:
    """Seconds as --every takes them."""
    words = ""
    for unit, size in _SECONDS.items():
        number, seconds = divmod(seconds, size)
        words += f"{number}{unit}" if number else ""
    return f"every {words or '0s'}"
