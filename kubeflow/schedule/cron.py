"""Cron expressions, checked here and put into the six fields that Kubeflow Pipelines reads.

KFP parses them with version 1 of github.com/robfig/cron (kubeflow/pipelines, util/cron_schedule.go
of the scheduledworkflow controller): second, minute, hour, day of month, month, day of week, the
last of which may be left out. So it takes the five fields of a crontab for something else:
`0 3 * * *`, every night at three, would run at minute 3 of every hour.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import product

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
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Long enough for a 29th of February that falls on a given weekday.
_MOST_DAYS_AHEAD = 366 * 41


@dataclass(frozen=True)
class Kind:
    """What a field may hold.

    Attributes:
        name: Its name in messages.
        low: Smallest value.
        high: Largest value.
        names: Names that stand for values.
    """

    name: str
    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=dict)

    @property
    def all(self) -> frozenset[int]:
        """Every value."""
        return frozenset(range(self.low, self.high + 1))


SECOND = Kind("second", 0, 59)
MINUTE = Kind("minute", 0, 59)
HOUR = Kind("hour", 0, 23)
DAY = Kind("day of month", 1, 31)
MONTH = Kind("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)})
# A crontab calls Sunday 0 or 7; robfig/cron knows 0 only.
WEEKDAY = Kind("day of week", 0, 6, {name: number for number, name in enumerate(_WEEKDAYS)})
_KINDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY)


@dataclass(frozen=True)
class Field:
    """One field of an expression.

    Attributes:
        kind: Which.
        values: When it matches.
        text: As it is written.
        is_any: Whether it begins with `*` or `?`, which matters for the two kinds of days.
    """

    kind: Kind
    values: frozenset[int]
    text: str
    is_any: bool

    def with_values(self, values: frozenset[int]) -> "Field":
        """The same field with other values, written as a list; as it was if they are the same."""
        if values == self.values:
            return self
        if values == self.kind.all:
            return replace(self, values=values, text="*", is_any=True)
        return replace(self, values=values, text=",".join(map(str, sorted(values))), is_any=False)


@dataclass(frozen=True)
class Cron:
    """A cron expression."""

    second: Field
    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field

    @property
    def expression(self) -> str:
        """The six fields that KFP reads."""
        fields = (self.second, self.minute, self.hour, self.day, self.month, self.weekday)
        return " ".join(part.text for part in fields)

    @property
    def is_every_day(self) -> bool:
        """Whether no day is left out."""
        return all(part.values == part.kind.all for part in (self.day, self.month, self.weekday))

    def matches_day(self, day: date) -> bool:
        """Whether it runs on a day: where both kinds of days are restricted, either will do."""
        of_month = day.day in self.day.values
        of_week = day.isoweekday() % 7 in self.weekday.values
        either = not self.day.is_any and not self.weekday.is_any
        matches = (of_month or of_week) if either else (of_month and of_week)
        return matches and day.month in self.month.values

    def times(self, after: datetime) -> Iterator[datetime]:
        """When it runs, after a moment, in that moment's time zone."""
        clock = product(*(sorted(part.values) for part in (self.hour, self.minute, self.second)))
        moments = list(clock)
        midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
        for number in range(_MOST_DAYS_AHEAD):
            day = midnight + timedelta(days=number)
            if self.matches_day(day):
                for hour, minute, second in moments:
                    moment = day.replace(hour=hour, minute=minute, second=second)
                    if moment > after:
                        yield moment


def parse_cron(text: str) -> Cron:
    """Reads an expression.

    Args:
        text: Five fields as in a crontab, six with the second first, or `@daily` and its like.

    Raises:
        UserError: If it is none, or never comes true.
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
    try:
        cron = Cron(*map(_field, _KINDS, parts))
    except ValueError as error:
        raise UserError(f"--cron {text!r}: {error}") from None
    if next(cron.times(datetime.now()), None) is None:
        raise UserError(f"--cron {text!r} never comes true: there is no such day")
    return cron


def _field(kind: Kind, text: str) -> Field:
    values: set[int] = set()
    for part in text.split(","):
        values |= _values(kind, part)
    is_any = text[0] in "*?"
    if kind is WEEKDAY and 7 in values:
        values = values - {7} | {0}
        return Field(kind, frozenset(values), ",".join(map(str, sorted(values))), is_any)
    return Field(kind, frozenset(values), text, is_any)


def _values(kind: Kind, text: str) -> set[int]:
    """The values of `*`, `5`, `1-5`, `*/15`, `5/15` or `1-30/15`."""
    whole, has_step, step_text = text.partition("/")
    first_text, is_range, last_text = whole.partition("-")
    if first_text in ("*", "?"):
        first, last = kind.low, kind.high
        if is_range:
            raise ValueError(f"{kind.name} {text!r} is no range")
    else:
        first = _value(kind, first_text)
        last = _value(kind, last_text) if is_range else kind.high if has_step else first
    if has_step and (not step_text.isascii() or not step_text.isdigit() or int(step_text) == 0):
        raise ValueError(f"{kind.name} {text!r}: after / comes a whole number above 0")
    if first > last:
        raise ValueError(
            f"{kind.name} {text!r} ends before it begins; write two: "
            f"{first_text}-{kind.high},{kind.low}-{last_text}"
        )
    return set(range(first, last + 1, int(step_text) if has_step else 1))


def _value(kind: Kind, text: str) -> int:
    if text.lower() in kind.names:
        return kind.names[text.lower()]
    high = 7 if kind is WEEKDAY else kind.high
    if text.isascii() and text.isdigit() and kind.low <= int(text) <= high:
        return int(text)
    names = f" or {next(iter(kind.names)).upper()} and so on" if kind.names else ""
    raise ValueError(f"{kind.name} {text!r} is no number from {kind.low} to {high}{names}")
