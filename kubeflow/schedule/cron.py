"""Cron expressions, checked here and put into the six fields that Kubeflow Pipelines reads.

KFP parses them with version 1 of github.com/robfig/cron (kubeflow/pipelines, util/cron_schedule.go
of the scheduledworkflow controller): second, minute, hour, day of month, month, day of week, the
last of which may be left out. So it misreads the five fields of a crontab: `0 3 * * *`, every
night at three, would run at minute 3 of every hour.
"""

import re
from collections.abc import Set
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from cronsim import CronSim, CronSimError

from components.errors import UserError

# github.com/robfig/cron, doc.go: predefined schedules.
_SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
# Names and values in messages.
_FIELDS = {
    "second": ("second", "0 to 59"),
    "minute": ("minute", "0 to 59"),
    "hour": ("hour", "0 to 23"),
    "day": ("day of month", "1 to 31"),
    "month": ("month", "1 to 12 or JAN to DEC"),
    "weekday": ("day of week", "0 to 7 or SUN to SAT"),
}


class Cron(NamedTuple):
    """The fields of a cron expression as KFP reads them."""

    second: str = "*"
    minute: str = "*"
    hour: str = "*"
    day: str = "*"
    month: str = "*"
    weekday: str = "*"

    @property
    def expression(self) -> str:
        """The six fields in one string."""
        return " ".join(self)

    def times(self, after: datetime) -> CronSim:
        """When it runs after a given time, in that time's time zone.

        Raises:
            CronSimError: If it is not an expression, or names a day that does not exist.
        """
        # Where cronsim differs from KFP: it counts weekdays to 7 in `1/2`, reads `9-9/2` as `9/2`,
        # and knows no `?`.
        weekday = re.sub(r"(^|,)(\w+)/", r"\1\2-6/", self.weekday)
        expression = self._replace(weekday=weekday).expression.replace("?", "*")
        return CronSim(re.sub(r"\b(\w+)-\1/[1-9]\d*", r"\1", expression), after)

    def values(self, name: str) -> Set[int]:
        """The values that a field matches, Sunday as 0."""
        values = getattr(self.times(datetime.now()), f"{name}s")
        return {0 if value == 7 else value for value in values} if name == "weekday" else values

    def is_all(self, name: str) -> bool:
        """Whether a field matches every value."""
        return self.values(name) == Cron().values(name)

    def with_values(self, name: str, values: Set[int]) -> "Cron":
        """The expression with these values in a field; unchanged if the field has just these."""
        if values == self.values(name):
            return self
        text = "*" if values == Cron().values(name) else ",".join(map(str, sorted(values)))
        return self._replace(**{name: text})


def parse_cron(text: str) -> Cron:
    """Reads an expression.

    Args:
        text: Five fields as in a crontab, six with the second first, or a shorthand (`@daily`).

    Raises:
        UserError: If it is not an expression, or never runs.
    """
    parts = _SHORTHANDS.get(text.strip().lower(), text).split()
    if len(parts) == 5:
        parts = ["0", *parts]
    if len(parts) != 6:
        raise UserError(
            f"--cron {text!r} has {len(parts)} fields; it takes 5 (minute, hour, day of month, "
            "month, day of week) or 6 (second first)",
            "Every night at three: '0 3 * * *'. Put it in quotes: the shell expands *.",
        )
    cron = Cron(*parts)
    for name, field in cron._asdict().items():
        wrong = next((part for part in field.split(",") if not _is_valid(name, part)), None)
        if wrong is not None:
            label, numbers = _FIELDS[name]
            raise UserError(
                f"--cron {text!r}: {label} {wrong!r} is not a number from {numbers}, or a range or "
                "step of them",
                "For example 1-5, */15. A step is above 0; a range past the end is two: 22-23,0-2.",
            )
    # A crontab calls Sunday 0 or 7; robfig/cron knows 0 only.
    if re.search(r"(?<!/)\b0*7\b", cron.weekday):
        cron = cron._replace(weekday=",".join(map(str, sorted(cron.values("weekday")))))
    with suppress(CronSimError):
        if any(cron.times(datetime.now())):
            return cron
    raise UserError(f"--cron {text!r} never runs: there is no such day")


def _is_valid(name: str, part: str) -> bool:
    try:
        values = Cron(**{name: part}).values(name)
    except CronSimError:
        return False
    # What cronsim takes beyond KFP, such as L for the last day, is a pair or negative.
    return part != "" and all(isinstance(value, int) and value >= 0 for value in values)
