"""Cron expressions in a time zone of one's own.

Kubeflow Pipelines has one time zone for all schedules of an installation: CRON_SCHEDULE_TIMEZONE in
the environment of its ml-pipeline-scheduledworkflow, UTC unless set (pull 4641). Its API has no
field for one, and version 1 of robfig/cron no `CRON_TZ=` prefix. So an expression in another zone
is moved by the hours that lie between the two now.
"""

from dataclasses import replace
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
        meant = f"Do you mean {known[0]}? " if known else ""
        raise UserError(
            f"{option}: there is no time zone {name!r}",
            f"{meant}Names are those of the IANA database: Europe/Berlin, Asia/Tokyo, UTC.",
        )
    return ZoneInfo(name)


def minutes_between(here: ZoneInfo, there: ZoneInfo, at: datetime) -> int:
    """Minutes to add to the clock here to get the one there."""
    offsets = [at.astimezone(zone).utcoffset() or timedelta() for zone in (here, there)]
    return round((offsets[1] - offsets[0]).total_seconds() / 60)


def next_change(here: ZoneInfo, there: ZoneInfo, at: datetime) -> date | None:
    """The day from which on the two clocks lie apart differently; None if not in the next year."""
    now = minutes_between(here, there, at)
    for days in range(1, _DAYS_TO_LOOK_AHEAD):
        moment = at.astimezone(timezone.utc) + timedelta(days=days)
        if minutes_between(here, there, moment) != now:
            return moment.astimezone(here).date()
    return None


def move(cron: Cron, minutes: int) -> Cron:
    """The same moments on a clock that is some minutes ahead.

    Raises:
        UserError: If one expression cannot say them.
    """
    clock = product(cron.hour.values, cron.minute.values)
    moments = {hour * 60 + minute + minutes for hour, minute in clock}
    days = {moment // _MINUTES_A_DAY for moment in moments}
    times = {moment % _MINUTES_A_DAY for moment in moments}
    hours = frozenset(time // 60 for time in times)
    past = frozenset(time % 60 for time in times)
    if len(hours) * len(past) != len(times):
        raise _unsayable("its minutes would differ from hour to hour")
    moved = replace(cron, hour=cron.hour.with_values(hours), minute=cron.minute.with_values(past))
    if days == {0} or cron.is_every_day:
        return moved
    if len(days) > 1:
        raise _unsayable("some of its hours would fall on another day")
    if cron.day.values != cron.day.kind.all or cron.month.values != cron.month.kind.all:
        raise _unsayable("it would fall on another day of the month")
    weekdays = frozenset((day + min(days)) % 7 for day in cron.weekday.values)
    return replace(moved, weekday=cron.weekday.with_values(weekdays))


def _unsayable(why: str) -> UserError:
    return UserError(
        f"--timezone: in the time zone of the cluster {why}, which one cron expression cannot say",
        "Give --cron in the cluster's own time zone, without --timezone; or have "
        "CRON_SCHEDULE_TIMEZONE of its ml-pipeline-scheduledworkflow set to yours and name it in "
        "--cluster-timezone.",
    )
