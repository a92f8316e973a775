"""A node that is started again: after it was killed, while it still runs, after it has finished.

The node is a small one; what happens in the middle of it is a function that each test puts there.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration.pipeline import Pipeline
from tfx.types import standard_artifacts

from components.errors import UserError
from pipeline.execution.attempt import SupersededError
from pipeline.execution.compiled_pipeline import CompiledPipeline, NodeResult
from pipeline.metadata.connection import connection_config
from pipeline.metadata.credentials import Login
from pipeline.metadata.url import parse_metadata_url
from tests.fakes.servers.metadata_service import run_metadata_service
from tests.fakes.servers.mysql import run_mysql
from tests.fakes.servers.postgresql import run_postgresql

in_the_middle: list[Callable[[], None]] = []
"""What each execution of `Make` does, one after the other; nothing when the list is empty."""


class Killed(BaseException):
    """Ends an attempt as `kill -9` does, as far as TFX is concerned: it publishes nothing."""


@component
def Make(model: OutputArtifact[standard_artifacts.Model]) -> None:
    """Writes one file before its middle, and one after it."""
    (Path(model.uri) / "first").write_text("1")
    if in_the_middle:
        in_the_middle.pop(0)()
    (Path(model.uri) / "second").write_text("2")


@component
def Use(
    model: InputArtifact[standard_artifacts.Model],
    pushed: OutputArtifact[standard_artifacts.PushedModel],
) -> None:
    """Reads what `Make` wrote."""
    assert sorted(path.name for path in Path(model.uri).iterdir()) == ["first", "second"]


class Nodes:
    """A pipeline of two nodes, with everything under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.connection = connection_config(parse_metadata_url(f"sqlite://{root}/m.sqlite"))

    def compiled(self, run_id: str) -> CompiledPipeline:
        """A process's own view of a run."""
        make = Make().with_id("Make")
        use = Use(model=make.outputs["model"]).with_id("Use")
        pipeline = Pipeline(
            "pets", str(self.root / "artifacts"), components=[make, use], enable_cache=True
        )
        return CompiledPipeline(pipeline, run_id, self.connection)

    def run(self, node_id: str, run_id: str = "run-1") -> NodeResult:
        """Runs a node as a process of its own does."""
        return self.compiled(run_id).run_node(node_id, use_cache=False)

    @property
    def models(self) -> list[str]:
        """Folders of the models, published or not."""
        return sorted(path.name for path in (self.root / "artifacts" / "Make" / "model").iterdir())

    def executions(self) -> list[Any]:
        """Every execution in the metadata."""
        return mlmd.MetadataStore(self.connection).get_executions()

    def live(self) -> list[str]:
        """Every live artifact's folder."""
        artifacts = mlmd.MetadataStore(self.connection).get_artifacts()
        state = metadata_store_pb2.Artifact
        return [Path(one.uri).name for one in artifacts if one.state == state.LIVE]


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    in_the_middle.clear()
    return Nodes(tmp_path)


def folder_of(result: NodeResult) -> str:
    [model] = result.outputs["model"]
    return Path(model.uri).name


def kill() -> None:
    raise Killed


@pytest.mark.parametrize("kind", ["postgresql", "mysql", "service"])
def test_shared_metadata(nodes: Nodes, kind: str, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        if kind == "service":
            database = connection_config(parse_metadata_url(f"sqlite://{tmp_path}/m.sqlite"))
            port = stack.enter_context(run_metadata_service(database))
            url, login = f"grpc://127.0.0.1:{port}", None
        else:
            run_server: Any = run_mysql if kind == "mysql" else run_postgresql
            server = stack.enter_context(run_server())
            url, login = server.url("nodes"), Login(server.user, server.password)
        nodes.connection = connection_config(parse_metadata_url(url), login)
        in_the_middle[:] = [kill]
        with pytest.raises(Killed):
            nodes.run("Make")
        assert folder_of(nodes.run("Make")) == "1-2"
        assert nodes.models == nodes.live() == ["1-2"]
        assert nodes.run("Use").state == "done"
        assert nodes.compiled("run-2").run_node("Make").state == "cached"


def test_one_attempt_is_as_tfx_has_it(nodes: Nodes) -> None:
    result = nodes.run("Make")
    assert (result.state, result.was_finished, folder_of(result)) == ("done", False, "1")
    assert nodes.models == nodes.live() == ["1"]


def test_killed_and_run_again(nodes: Nodes) -> None:
    in_the_middle[:] = [kill, kill]
    for _ in range(2):
        with pytest.raises(Killed):
            nodes.run("Make")
    assert nodes.models == ["1", "1-2"]
    # Whatever a dead process wrote last, it was not into this folder.
    result = nodes.run("Make")
    assert (result.state, folder_of(result)) == ("done", "1-3")
    assert nodes.models == nodes.live() == ["1-3"]
    [execution] = nodes.executions()
    assert execution.last_known_state == metadata_store_pb2.Execution.COMPLETE
    assert nodes.run("Use").state == "done"


def test_failed_and_run_again(nodes: Nodes) -> None:
    def fail() -> None:
        raise UserError("the disk is full")

    in_the_middle[:] = [fail]
    with pytest.raises(UserError):
        nodes.run("Make")
    [execution] = nodes.executions()
    assert execution.last_known_state == metadata_store_pb2.Execution.FAILED
    assert folder_of(nodes.run("Make")) == "1-2"
    assert nodes.models == nodes.live() == ["1-2"]
    assert nodes.run("Use").state == "done"


def test_finished_in_this_run(nodes: Nodes) -> None:
    first = nodes.run("Make")
    in_the_middle[:] = [kill]
    again = nodes.run("Make")
    assert (again.state, again.was_finished, folder_of(again)) == ("done", True, folder_of(first))
    assert in_the_middle == [kill]
    assert len(nodes.executions()) == 1
    # Another run is another matter.
    in_the_middle.clear()
    assert folder_of(nodes.run("Make", "run-2")) == "2"


def test_cached_in_this_run(nodes: Nodes) -> None:
    nodes.run("Make")
    cached = nodes.compiled("run-2").run_node("Make")
    again = nodes.compiled("run-2").run_node("Make")
    assert (cached.state, again.state, again.was_finished) == ("cached", "cached", True)
    assert nodes.live() == ["1"]


def test_the_old_pod_still_runs_and_ends_well(nodes: Nodes) -> None:
    """The later attempt starts and finishes while the first is in its middle."""
    later: list[NodeResult] = []
    in_the_middle[:] = [lambda: later.append(nodes.run("Make"))]
    with pytest.raises(SupersededError, match="attempt 1 of Make was overtaken"):
        nodes.run("Make")
    assert folder_of(later[0]) == "1-2"
    assert nodes.models == nodes.live() == ["1-2"]
    assert nodes.run("Make").was_finished


def test_the_old_pod_still_runs_and_fails(nodes: Nodes) -> None:
    def run_again_and_fail() -> None:
        nodes.run("Make")
        raise UserError("the machine was drained")

    in_the_middle[:] = [run_again_and_fail]
    with pytest.raises(SupersededError):
        nodes.run("Make")
    # TFX alone would have marked as failed what the later attempt did.
    assert nodes.compiled("run-1").find_result("Make") is not None
    assert nodes.models == nodes.live() == ["1-2"]
    assert nodes.run("Use").state == "done"


def test_the_old_pod_goes_on_while_the_new_one_runs(nodes: Nodes) -> None:
    """The first attempt comes to its end while the later one is in its middle."""
    first = nodes.compiled("run-1")

    def start_later() -> None:
        in_the_middle[:] = [kill]
        with pytest.raises(Killed):
            nodes.run("Make")

    in_the_middle[:] = [start_later]
    with pytest.raises(SupersededError):
        first.run_node("Make")
    # Both are gone with nothing published, and a third attempt makes it.
    assert nodes.live() == []
    assert folder_of(nodes.run("Make")) == "1-3"
    assert nodes.models == nodes.live() == ["1-3"]


@pytest.mark.parametrize(
    ("look", "seen"), [("Attempt.is_newest", True), ("_has_outputs", False)], ids=str
)
def test_outputs_are_published_once_whoever_is_late(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, look: str, seen: bool
) -> None:
    """The first attempt pauses between a look at the metadata and what it does about it."""
    name = f"pipeline.execution.launcher.{look}"
    later: list[NodeResult] = []

    def look_and_pause(*_: Any) -> bool:
        monkeypatch.undo()
        later.append(nodes.run("Make"))
        return seen

    monkeypatch.setattr(name, look_and_pause)
    with contextlib.suppress(SupersededError):
        assert folder_of(nodes.run("Make")) == "1-2"
    assert folder_of(later[0]) == "1-2"
    assert nodes.models == nodes.live() == ["1-2"]
    assert len(nodes.executions()) == 1
    assert nodes.run("Use").state == "done"


def test_downstream_first(nodes: Nodes) -> None:
    assert nodes.compiled("run-1").unfinished("Use") == {"Make": "not started"}
    in_the_middle[:] = [kill]
    with pytest.raises(Killed):
        nodes.run("Make")
    assert nodes.compiled("run-1").unfinished("Use") == {"Make": "running"}
    # TFX's launcher alone lets it find nothing, and leaves an execution without inputs.
    with pytest.raises(RuntimeError, match="its inputs could not be resolved"):
        nodes.run("Use")
    nodes.run("Make")
    assert nodes.compiled("run-1").unfinished("Use") == {}
    assert nodes.run("Use").state == "done"
    store = mlmd.MetadataStore(nodes.connection)
    use = next(one for one in nodes.executions() if one.name.endswith(".Use"))
    events = store.get_events_by_execution_ids([use.id])
    assert [event.type for event in events].count(metadata_store_pb2.Event.INPUT) == 1
