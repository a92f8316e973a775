"""When a schedule runs, as people write it and as Kubeflow Pipelines takes it."""

from datetime import datetime, timezone
from itertools import islice

import pytest

from components.errors import UserError
from kubeflow.schedule.cron import parse_cron
from kubeflow.schedule.trigger import cron_trigger, interval_trigger, interval_words

WINTER = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
SUMMER = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("given", "cron"),
    [
        ("0 3 * * *", "0 0 3 * * *"),
        ("30 0 3 * * *", "30 0 3 * * *"),
        ("*/15 9-17 * * mon-fri", "0 */15 9-17 * * mon-fri"),
        ("@daily", "0 0 0 * * *"),
        ("0 1 * * 7", "0 0 1 * * 0"),
        ("0 1 * * 5-7", "0 0 1 * * 0,5,6"),
        ("0 1 * * 1-7/2", "0 0 1 * * 0,1,3,5"),
        ("0 1 ? * SUN", "0 0 1 ? * SUN"),
        ("5/20 1 1,15 * *", "0 5/20 1 1,15 * *"),
    ],
)
def test_expressions(given: str, cron: str) -> None:
    assert parse_cron(given).expression == cron


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("0 3 * *", r"has 4 fields; it takes 5"),
        ("", "has 0 fields"),
        ("60 3 * * *", "minute '60' is not a number from 0 to 59"),
        ("0 25 * * *", "hour '25' is not a number from 0 to 23"),
        ("0 3 0 * *", "day of month '0'"),
        ("0 3 * 13 *", "month '13' is not a number from 1 to 12 or JAN"),
        ("0 3 * * funday", "day of week 'funday'"),
        ("0 22-2 * * *", "(?s)hour '22-2'.* two: 22-23,0-2"),
        ("*/0 * * * *", r"(?s)minute '\*/0'.* step is above 0"),
        ("1,,2 * * * *", "minute ''"),
        ("0 0 31 2 *", "never runs"),
        ("@sometimes", "has 1 fields"),
        ("0 3 L * *", "day of month 'L'"),
    ],
)
def test_invalid_expressions(given: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_cron(given)


def test_when_it_runs() -> None:
    after = datetime(2026, 11, 23, 12)
    weekdays = islice(parse_cron("0 3 * * mon-fri").times(after), 5)
    assert [moment.strftime("%a %H:%M") for moment in weekdays] == [
        "Tue 03:00", "Wed 03:00", "Thu 03:00", "Fri 03:00", "Mon 03:00",
    ]  # fmt: skip
    # Where both kinds of days are given, either will do (crontab(5), and robfig/cron).
    either = islice(parse_cron("0 3 1 * mon").times(after), 2)
    assert [moment.day for moment in either] == [30, 1]


def test_values_are_those_of_kfp() -> None:
    """Where cronsim would read others."""
    cron = parse_cron("? 9-9/2 * * 1/2")
    assert cron.values("minute") == set(range(60))
    assert (cron.values("hour"), cron.values("weekday")) == ({9}, {1, 3, 5})


@pytest.mark.parametrize(
    ("expression", "zone", "now", "cron"),
    [
        ("0 3 * * *", None, WINTER, "0 0 3 * * *"),
        ("0 3 * * *", "Europe/Berlin", WINTER, "0 0 2 * * *"),
        ("0 3 * * *", "Europe/Berlin", SUMMER, "0 0 1 * * *"),
        ("0 0 * * *", "Europe/Berlin", WINTER, "0 0 23 * * *"),
        ("0 0 * * mon", "Europe/Berlin", WINTER, "0 0 23 * * 0"),
        ("30 20 * * sat", "America/New_York", WINTER, "0 30 1 * * 0"),
        ("0 3 * * *", "Asia/Kolkata", WINTER, "0 30 21 * * *"),
        ("*/15 * * * *", "Asia/Kolkata", WINTER, "0 */15 * * * *"),
        ("0 9-17 * * mon-fri", "Europe/Berlin", WINTER, "0 0 8,9,10,11,12,13,14,15,16 * * mon-fri"),
    ],
)
def test_time_zones(expression: str, zone: str | None, now: datetime, cron: str) -> None:
    assert cron_trigger(expression, zone, "UTC", now).cron == cron


@pytest.mark.parametrize(
    ("expression", "zone", "message"),
    [
        ("0 0 1 * *", "Europe/Berlin", "another day of the month"),
        ("0 0,12 * * mon", "Europe/Berlin", "some of its hours would fall on another day"),
        ("0,40 3 * * *", "Asia/Kolkata", "its minutes would differ from hour to hour"),
    ],
)
def test_what_cannot_be_said_in_the_clusters_zone(expression: str, zone: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        cron_trigger(expression, zone, "UTC", WINTER)
    assert "--cluster-timezone" in str(error.value)


def test_the_clusters_own_zone_needs_no_moving() -> None:
    trigger = cron_trigger("0 0 1 * *", "Europe/Berlin", "Europe/Berlin", WINTER)
    assert trigger.cron == "0 0 0 1 * *" and trigger.note == ""


def test_daylight_saving_is_reported() -> None:
    trigger = cron_trigger("0 3 * * *", "Europe/Berlin", "UTC", WINTER)
    assert "On 2027-03-28" in trigger.note
    assert trigger.next_start is not None
    assert trigger.next_start.isoformat() == "2026-11-24T03:00:00+01:00"
    assert cron_trigger("0 3 * * *", "Asia/Tokyo", "UTC", WINTER).note == ""


def test_several_runs_a_minute() -> None:
    with pytest.raises(UserError, match="several runs a minute"):
        cron_trigger("*/10 * * * * *", None, "UTC", WINTER)


def test_no_such_zone() -> None:
    with pytest.raises(UserError, match="--timezone: there is no time zone 'Berlin'"):
        cron_trigger("0 3 * * *", "Berlin", "UTC", WINTER)
    with pytest.raises(UserError, match="Did you mean Europe/Berlin"):
        cron_trigger("0 3 * * *", "europe/berlin", "UTC", WINTER)


@pytest.mark.parametrize(
    ("given", "seconds"), [("6h", 21600), ("90m", 5400), ("1d12h", 129600), ("60s", 60)]
)
def test_spans(given: str, seconds: int) -> None:
    assert interval_trigger(given).interval_seconds == seconds


@pytest.mark.parametrize("given", ["6", "h", "6 h", "-6h", "1.5h", "10s", "0h", ""])
def test_invalid_intervals(given: str) -> None:
    with pytest.raises(UserError, match="--every"):
        interval_trigger(given)


def test_spans_in_words() -> None:
    assert interval_words(21600) == "every 6h"
    assert interval_words(129660) == "every 1d12h1m"
