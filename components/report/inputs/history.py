"""Reads from ML Metadata the components of a run with their times, and earlier runs."""

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, NamedTuple

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio

from components.report.inputs.run_facts import PreviousRun, RunFacts, Step

_RUN, _NODE = "pipeline_run", "node"  # Types of TFX's contexts.
_Execution = metadata_store_pb2.Execution
_STATES = {
    _Execution.COMPLETE: "done",
    _Execution.CACHED: "cached",
    _Execution.FAILED: "failed",
}


class _RunStatistics(NamedTuple):
    """The statistics of one run's examples."""

    run_id: str
    execution_id: int
    artifact_id: int
    uri: str


def read_run_facts(store: Any, pipeline: str, run_id: str, statistics_id: int | None) -> RunFacts:
    """Reads facts about a run that is about to end."""
    run = store.get_context_by_type_and_name(_RUN, run_id)
    earlier = _read_earlier(store, run_id, statistics_id) if statistics_id is not None else []
    # Runs on the same examples have no drift; deleted statistics cannot be compared.
    others = (one for one in earlier if one.artifact_id != statistics_id and fileio.exists(one.uri))
    other = next(others, None)
    return RunFacts(
        pipeline=pipeline,
        run_id=run_id,
        started=_time(run.create_time_since_epoch) if run else None,
        steps=tuple(_read_steps(store, run.id)) if run else (),
        previous_run_id=earlier[0].run_id if earlier else None,
        other=PreviousRun(run_id=other.run_id, statistics=other.uri) if other else None,
    )


def _read_steps(store: Any, run_context_id: int) -> Iterator[Step]:
    executions = store.get_executions_by_context(run_context_id)
    for execution in sorted(executions, key=lambda execution: execution.id):
        state = _STATES.get(execution.last_known_state)
        node = _context_name(store, execution.id, _NODE)
        if state is None or node is None:
            continue  # The report itself, which is still running.
        duration_ms = execution.last_update_time_since_epoch - execution.create_time_since_epoch
        # TFX calls the context PIPELINE.NODE, and no node has a dot in its id.
        yield Step(
            component=node.rpartition(".")[2], state=state, seconds=max(0, duration_ms) / 1000
        )


def _read_earlier(store: Any, run_id: str, statistics_id: int) -> list[_RunStatistics]:
    """Statistics of the same component in earlier runs, newest first."""
    [producer, *_] = _output_events(store.get_events_by_artifact_ids([statistics_id]))
    contexts = store.get_contexts_by_execution(producer.execution_id)
    [node] = [context for context in contexts if context.type == _NODE]
    executions = [
        execution.id
        for execution in store.get_executions_by_context(node.id)
        if execution.last_known_state in (_Execution.COMPLETE, _Execution.CACHED)
    ]
    events = _output_events(store.get_events_by_execution_ids(executions))
    artifact_ids = {event.artifact_id for event in events}
    artifacts = {artifact.id: artifact for artifact in store.get_artifacts_by_id(artifact_ids)}
    runs = sorted(
        (
            _RunStatistics(
                _context_name(store, event.execution_id, _RUN) or "",
                event.execution_id,
                event.artifact_id,
                artifacts[event.artifact_id].uri,
            )
            for event in events
        ),
        key=lambda one: -one.execution_id,
    )
    [current, *_] = [one.execution_id for one in runs if one.run_id == run_id] or [0]
    return [one for one in runs if one.execution_id < current]


def _output_events(events: Any) -> list[Any]:
    """Events that record which execution produced which artifact."""
    return [event for event in events if event.type == metadata_store_pb2.Event.OUTPUT]


def _context_name(store: Any, execution_id: int, kind: str) -> str | None:
    contexts = store.get_contexts_by_execution(execution_id)
    return next((context.name for context in contexts if context.type == kind), None)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
