"""Recurring runs: one for each name, replaced when what it does has changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ..client.api import PipelinesHost, named
from ..client.errors import HostError
from ..deploy.deployment import Uploaded
from .trigger import Trigger

_NOT_FOUND = 404
# One run after the other: the next one waits for the models and the cache of the one before.
_MAX_CONCURRENCY = 1
# After a pause, one run on the newest data is enough: none for each missed night.
_NO_CATCHUP = True


@dataclass(frozen=True)
class Wanted:
    """The schedule that is wanted; without a service account its pods have KFP's default."""

    name: str
    experiment_id: str
    uploaded: Uploaded
    trigger: Trigger
    parameters: dict[str, Any]
    service_account: str | None = None


@dataclass(frozen=True)
class Applied:
    """What was done to a schedule.

    Attributes:
        did: In one word.
        is_paused: Whether it waits for --resume.
        removed: How many recurring runs of the name were deleted.
        changes: What differed from the previous one.
    """

    did: Literal["created", "replaced", "unchanged"]
    is_paused: bool
    removed: int
    changes: tuple[str, ...] = ()


def apply(host: PipelinesHost, wanted: Wanted) -> Applied:
    """Makes sure that there is one recurring run of this name, and that it does what is wanted.

    The new one is created before the old one is deleted. An interruption in between leaves two, of
    which the next call removes one; there is never none. A schedule that was paused stays paused.

    Raises:
        HostError: If the host does not do it.
    """
    before = find(host, wanted.name)
    kept = _first_fitting(before, wanted)
    is_new = kept is None
    is_paused = bool(before) and all(is_disabled(run) for run in before)
    others = before
    if kept is None:
        kept = _create(host, wanted, before, is_paused)
        # Another process may have created the same one at the same time: all keep the same one.
        # What else it may have created is not touched, or each could remove the other's.
        same = [run for run in find(host, wanted.name) if not _changes(run, wanted)]
        kept = _first_fitting(same, wanted) or kept
        others = before + same
    elif is_disabled(kept) and not is_paused:
        _switch(host, kept, on=True)
    others = [run for run in others if run.recurring_run_id != kept.recurring_run_id]
    for run in others:
        _remove(host, run)
    if not is_new:
        return Applied("unchanged", is_paused, len(others))
    if not before:
        return Applied("created", is_paused, len(others))
    return Applied("replaced", is_paused, len(others), _changes(before[0], wanted))


def find(host: PipelinesHost, name: str | None = None) -> list[Any]:
    """Recurring runs of a name, or all of them."""
    arguments = {"namespace": host.namespace} if host.namespace else {}
    if name is not None:
        arguments["filter"] = named(name)
    runs: Iterator[Any] = host.pages(
        "listing recurring runs",
        host.api.recurring_runs.list_recurring_runs,
        "recurring_runs",
        **arguments,
    )
    return [run for run in runs if name is None or run.display_name == name]


def pause(host: PipelinesHost, name: str) -> tuple[int, int]:
    """Stops new runs; active ones continue. Returns how many there are, and how many changed."""
    return _for_each(host, name, lambda run: _switch(host, run, on=False), is_disabled)


def resume(host: PipelinesHost, name: str) -> tuple[int, int]:
    """Lets runs start again. Returns how many there are, and how many changed."""
    return _for_each(
        host, name, lambda run: _switch(host, run, on=True), lambda run: not is_disabled(run)
    )


def delete(host: PipelinesHost, name: str) -> int:
    """Removes the recurring runs of a name; runs that they started stay. Returns how many."""
    return _for_each(host, name, lambda run: _remove(host, run), lambda run: False)[0]


def is_disabled(run: Any) -> bool:
    """Whether a recurring run starts nothing."""
    return (run.status if run.status in ("ENABLED", "DISABLED") else run.mode) in (
        "DISABLED",
        "DISABLE",
    )


def times(run: Any) -> tuple[str | None, int | None]:
    """When a recurring run starts one: its cron expression, or its seconds from one to the next."""
    trigger = run.trigger
    cron = getattr(trigger and trigger.cron_schedule, "cron", None)
    interval = getattr(trigger and trigger.periodic_schedule, "interval_second", None)
    return cron or None, int(interval) if interval else None


def _first_fitting(runs: list[Any], wanted: Wanted) -> Any | None:
    fitting = [run for run in runs if not _changes(run, wanted)]
    return min(fitting, key=lambda run: (run.created_at, run.recurring_run_id), default=None)


def _create(host: PipelinesHost, wanted: Wanted, before: list[Any], is_paused: bool) -> Any:
    known = {run.recurring_run_id for run in before}

    def find_new() -> Any:
        runs = [run for run in find(host, wanted.name) if run.recurring_run_id not in known]
        return _first_fitting(runs, wanted)

    return host.create(
        "creating the recurring run",
        find_new,
        host.api.recurring_runs.create_recurring_run,
        body=_body(host, wanted, is_paused),
    )


def _for_each(
    host: PipelinesHost, name: str, act: Callable[[Any], None], is_so: Callable[[Any], bool]
) -> tuple[int, int]:
    runs = find(host, name)
    changing = [run for run in runs if not is_so(run)]
    for run in changing:
        act(run)
    return len(runs), len(changing)


def _switch(host: PipelinesHost, run: Any, on: bool) -> None:
    calls = host.api.recurring_runs
    host.call(
        "resuming the recurring run" if on else "pausing the recurring run",
        calls.enable_recurring_run if on else calls.disable_recurring_run,
        recurring_run_id=run.recurring_run_id,
    )


def _remove(host: PipelinesHost, run: Any) -> None:
    try:
        host.call(
            "deleting a recurring run",
            host.api.recurring_runs.delete_recurring_run,
            recurring_run_id=run.recurring_run_id,
        )
    except HostError as error:
        if error.status != _NOT_FOUND:
            raise


def _changes(run: Any, wanted: Wanted) -> tuple[str, ...]:
    """In what a recurring run differs from what is wanted."""
    version = run.pipeline_version_reference
    parameters = (run.runtime_config.parameters if run.runtime_config else None) or {}
    same = {
        "configuration": version is not None
        and version.pipeline_id == wanted.uploaded.pipeline_id
        and version.pipeline_version_id == wanted.uploaded.version_id,
        "time": times(run) == (wanted.trigger.cron, wanted.trigger.interval_seconds),
        "parameters": parameters == wanted.parameters,
        "experiment": run.experiment_id == wanted.experiment_id,
        # KFP fills in its default where none is requested.
        "service account": wanted.service_account in (None, run.service_account),
        "runs at once": int(run.max_concurrency or 0) == _MAX_CONCURRENCY
        and bool(run.no_catchup) == _NO_CATCHUP,
    }
    return tuple(what for what, is_same in same.items() if not is_same)


def _body(host: PipelinesHost, wanted: Wanted, is_paused: bool) -> Any:
    import kfp_server_api as models

    trigger = models.V2beta1Trigger()
    if wanted.trigger.cron:
        trigger.cron_schedule = models.V2beta1CronSchedule(cron=wanted.trigger.cron)
    else:
        trigger.periodic_schedule = models.V2beta1PeriodicSchedule(
            interval_second=str(wanted.trigger.interval_seconds)
        )
    return models.V2beta1RecurringRun(
        display_name=wanted.name,
        description=f"{wanted.trigger.words}; made by python -m kubeflow schedule",
        experiment_id=wanted.experiment_id,
        namespace=host.namespace,
        pipeline_version_reference=models.V2beta1PipelineVersionReference(
            pipeline_id=wanted.uploaded.pipeline_id,
            pipeline_version_id=wanted.uploaded.version_id,
        ),
        runtime_config=models.V2beta1RuntimeConfig(parameters=wanted.parameters),
        service_account=wanted.service_account,
        trigger=trigger,
        max_concurrency=str(_MAX_CONCURRENCY),
        no_catchup=_NO_CATCHUP,
        mode="DISABLE" if is_paused else "ENABLE",
    )
