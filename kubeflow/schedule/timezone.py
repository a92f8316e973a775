"""Cron expressions in the user's time zone.

Kubeflow Pipelines has one time zone for all schedules of an installation: CRON_SCHEDULE_TIMEZONE in
the environment of its ml-pipeline-scheduledworkflow, UTC unless set (pull 4641). Its API has no
field for one, and version 1 of robfig/cron no `CRON_TZ=` prefix. So an expression in another zone
is moved by the current difference between the two.
"""

from datetime import date, datetime, timedelta, timezone
from itertools import product
from zoneinfo import ZoneInfo, available_timezones

from components.errors import UserError

from .cron import Cron

_MINUTES_A_DAY = 24 * 60
_DAYS_TO_LOOK_AHEAD = 400


def find_zone(name: str, option: str) -> ZoneInfo:
    """A time zone by its name.

    Raises:
        UserError: If there is none of that name.
    """
    if name not in available_timezones():
        known = sorted(zone for zone in available_timezones() if zone.lower() == name.lower())
        suggestion = f"Did you mean {known[0]}? " if known else ""
        raise UserError(
            f"{option}: there is no time zone {name!r}",
            f"{suggestion}Names are those of the IANA database: Europe/Berlin, Asia/Tokyo, UTC.",
        )
    return ZoneInfo(name)


def minutes_between(here: ZoneInfo, there: ZoneInfo, at: datetime) -> int:
    """Minutes to add to the clock here to get the one there."""
    offsets = [at.astimezone(zone).utcoffset() or timedelta() for zone in (here, there)]
    return round((offsets[1] - offsets[0]).total_seconds() / 60)


def next_change(here: ZoneInfo, there: ZoneInfo, at: datetime) -> date | None:
    """The day on which the difference between the two clocks changes; None if not within a year."""
    now = minutes_between(here, there, at)
    for days in range(1, _DAYS_TO_LOOK_AHEAD):
        moment = at.astimezone(timezone.utc) + timedelta(days=days)
        if minutes_between(here, there, moment) != now:
            return moment.astimezone(here).date()
    return None


def move(cron: Cron, minutes: int) -> Cron:
    """The same moments on a clock that is some minutes ahead.

    Raises:
        UserError: If one expression cannot express them.
    """
    clock = product(cron.values("hour"), cron.values("minute"))
    moments = [divmod(hour * 60 + minute + minutes, _MINUTES_A_DAY) for hour, minute in clock]
    days = {day for day, _ in moments}
    hours = {time // 60 for _, time in moments}
    past = {time % 60 for _, time in moments}
    if len(hours) * len(past) != len(moments):
        raise _inexpressible("its minutes would differ from hour to hour")
    moved = cron.with_values("hour", hours).with_values("minute", past)
    is_every_date = cron.is_all("day") and cron.is_all("month")
    if days == {0} or is_every_date and cron.is_all("weekday"):
        return moved
    if len(days) > 1:
        raise _inexpressible("some of its hours would fall on another day")
    if not is_every_date:
        raise _inexpressible("it would fall on another day of the month")
    weekdays = {(day + min(days)) % 7 for day in cron.values("weekday")}
    return moved.with_values("weekday", weekdays)


def _inexpressible(why: str) -> UserError:
    return UserError(
        f"--timezone: in the cluster's time zone {why}, which one cron expression cannot express",
        "Give --cron in the cluster's own time zone, without --timezone; or have "
        "CRON_SCHEDULE_TIMEZONE of its ml-pipeline-scheduledworkflow set to yours and name it in "
        "--cluster-timezone.",
    )
