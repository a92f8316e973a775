"""Which models the check before the Pusher refused, read from real metadata."""

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.pusher.out_of_service import refused_models


class _Store:
    """Metadata in memory, filled as components do."""

    def __init__(self) -> None:
        config = mlmd.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = metadata_store.MetadataStore(config)
        self.model = self.add_model("m/1")

    def add_model(self, uri: str) -> int:
        return self._put("Model", {}, uri)

    def _put(self, kind: str, flags: dict[str, int], uri: str = "") -> int:
        type_id = self.store.put_artifact_type(mlmd.ArtifactType(name=kind))
        artifact = mlmd.Artifact(type_id=type_id, uri=uri, state=mlmd.Artifact.LIVE)
        for flag, value in flags.items():
            artifact.custom_properties[flag].int_value = value
        [id_] = self.store.put_artifacts([artifact])
        return int(id_)

    def run(self, component: str, inputs: list[int], output: str | None, **flags: int) -> int:
        """Adds an execution with inputs and one output; returns the output's id."""
        type_id = self.store.put_execution_type(mlmd.ExecutionType(name=component))
        [execution] = self.store.put_executions([mlmd.Execution(type_id=type_id)])
        events = [(id_, mlmd.Event.INPUT) for id_ in inputs]
        output_id = self._put(output, flags) if output else 0
        events += [(output_id, mlmd.Event.OUTPUT)] if output else []
        self.store.put_events(
            [mlmd.Event(artifact_id=id_, execution_id=execution, type=t) for id_, t in events]
        )
        return output_id

    def check(self, *inputs: int, blessed: int, component: str = "ServingCheck") -> int:
        return self.run(component, [*inputs], "InfraBlessing", blessed=blessed)


@pytest.fixture
def metadata() -> _Store:
    return _Store()


def test_without_checks_nothing_is_refused(metadata: _Store) -> None:
    assert refused_models(metadata.store) == frozenset()


def test_only_the_refused_model_is_listed(metadata: _Store) -> None:
    good, unchecked = metadata.add_model("m/2"), metadata.add_model("m/3")
    examples = metadata.run("ImageExampleGen", [], "Examples")
    metadata.check(metadata.model, examples, blessed=0)
    metadata.check(good, examples, blessed=1)
    metadata.run("Trainer", [unchecked, examples], "ModelRun")
    assert refused_models(metadata.store) == {"m/1"}


@pytest.mark.parametrize("verdicts", [(0, 1), (1, 0)])
def test_model_that_was_blessed_once_is_not_refused(
    metadata: _Store, verdicts: tuple[int, int]
) -> None:
    for blessed in verdicts:
        metadata.check(metadata.model, blessed=blessed)
    assert refused_models(metadata.store) == frozenset()


@pytest.mark.parametrize("is_servable", [0, 1])
def test_the_last_of_two_checks_counts(metadata: _Store, is_servable: int) -> None:
    servable = metadata.check(metadata.model, blessed=is_servable, component="InfraValidator")
    metadata.check(metadata.model, servable, blessed=0)
    assert refused_models(metadata.store) == {"m/1"}


def test_interrupted_check_refuses_nothing(metadata: _Store) -> None:
    servable = metadata.check(metadata.model, blessed=1, component="InfraValidator")
    metadata.run("ServingCheck", [metadata.model, servable], None)
    metadata.run("ServingCheck", [metadata.model, servable], "InfraBlessing")  # without a verdict
    assert refused_models(metadata.store) == frozenset()


@pytest.mark.parametrize("pushed", [0, 1])
def test_model_that_was_pushed_without_the_check_is_not_refused(
    metadata: _Store, pushed: int
) -> None:
    verdict = metadata.check(metadata.model, blessed=0)
    metadata.run("Pusher", [metadata.model, verdict], "PushedModel", pushed=0)
    metadata.run("Pusher", [metadata.model], "PushedModel", pushed=pushed)
    assert refused_models(metadata.store) == (frozenset() if pushed else {"m/1"})
