"""A node that is started again: after it was killed, while it is running, after it has finished.

The node is a small one; each test provides a function that it calls halfway.
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
from tfx.dsl.components.common import resolver
from tfx.orchestration.pipeline import Pipeline
from tfx.types import Channel, standard_artifacts

from components.errors import UserError
from pipeline.execution.attempt import SupersededError
from pipeline.execution.compiled_pipeline import CompiledPipeline, NodeResult
from pipeline.metadata.connection import connection_config
from pipeline.metadata.credentials import Login
from pipeline.metadata.url import parse_metadata_url
from tests.fakes.servers.metadata_service import run_metadata_service
from tests.fakes.servers.mysql import run_mysql
from tests.fakes.servers.postgresql import run_postgresql

halfway: list[Callable[[], None]] = []
"""One function for each execution of `Make`; if the list is empty, it calls none."""


class Killed(BaseException):
    """Ends an attempt like `kill -9`: TFX publishes nothing."""


@component
def Make(model: OutputArtifact[standard_artifacts.Model]) -> None:
    """Writes one file before it calls a function of `halfway`, and one after."""
    (Path(model.uri) / "first").write_text("1")
    if halfway:
        halfway.pop(0)()
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
        """The run as a new process compiles it."""
        make = Make().with_id("Make")
        use = Use(model=make.outputs["model"]).with_id("Use")
        pipeline = Pipeline(
            "pets", str(self.root / "artifacts"), components=[make, use], enable_cache=True
        )
        return CompiledPipeline(pipeline, run_id, self.connection)

    def run(self, node_id: str, run_id: str = "run-1") -> NodeResult:
        """Runs a node as a new process does."""
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
    halfway.clear()
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
        halfway[:] = [kill]
        with pytest.raises(Killed):
            nodes.run("Make")
        assert folder_of(nodes.run("Make")) == "1-2"
        assert nodes.models == nodes.live() == ["1-2"]
        assert nodes.run("Use").state == "done"
        assert nodes.compiled("run-2").run_node("Make").state == "cached"


def test_the_first_attempt_uses_the_folders_of_tfx(nodes: Nodes) -> None:
    result = nodes.run("Make")
    assert (result.state, result.was_finished, folder_of(result)) == ("done", False, "1")
    assert nodes.models == nodes.live() == ["1"]


def test_killed_and_run_again(nodes: Nodes) -> None:
    halfway[:] = [kill, kill]
    for _ in range(2):
        with pytest.raises(Killed):
            nodes.run("Make")
    assert nodes.models == ["1", "1-2"]
    # Killed attempts never wrote to this folder.
    result = nodes.run("Make")
    assert (result.state, folder_of(result)) == ("done", "1-3")
    assert nodes.models == nodes.live() == ["1-3"]
    [execution] = nodes.executions()
    assert execution.last_known_state == metadata_store_pb2.Execution.COMPLETE
    assert nodes.run("Use").state == "done"


def _reset_metadata(nodes: Nodes) -> None:
    (nodes.root / "m.sqlite").rename(nodes.root / "old.sqlite")


def test_new_metadata_leave_the_folders_of_the_old_alone(nodes: Nodes) -> None:
    old = nodes.run("Make").outputs["model"][0]
    _reset_metadata(nodes)
    (Path(old.uri) / "third").write_text("of the old run")
    result = nodes.run("Make")
    assert folder_of(result).startswith("1.")
    assert nodes.run("Use").state == "done", "reads what this execution wrote, and no more"
    assert len(list(Path(old.uri).iterdir())) == 3
    assert nodes.models == ["1", folder_of(result)]


def test_new_metadata_remove_no_folder_of_the_old(nodes: Nodes) -> None:
    halfway[:] = [kill, kill]
    for _ in range(2):  # The old one was killed, and so is the first attempt of the new one.
        with pytest.raises(Killed):
            nodes.run("Make")
        if halfway:
            _reset_metadata(nodes)
    assert folder_of(nodes.run("Make")) == "1-2"
    assert nodes.models == ["1", "1-2"]
    assert nodes.run("Use").state == "done"


def test_temporary_files_of_old_metadata_are_not_read(nodes: Nodes) -> None:
    # TFX takes the outputs of a killed execution from here.
    left = nodes.root / "artifacts" / "Make" / ".system" / "executor_execution" / "1"
    left.mkdir(parents=True)
    (left / "executor_output.pb").write_bytes(b"damaged")
    assert folder_of(nodes.run("Make")).startswith("1.")
    assert (left / "executor_output.pb").exists()


def test_failed_and_run_again(nodes: Nodes) -> None:
    def fail() -> None:
        raise UserError("the disk is full")

    halfway[:] = [fail]
    with pytest.raises(UserError):
        nodes.run("Make")
    [execution] = nodes.executions()
    assert execution.last_known_state == metadata_store_pb2.Execution.FAILED
    assert folder_of(nodes.run("Make")) == "1-2"
    assert nodes.models == nodes.live() == ["1-2"]
    assert nodes.run("Use").state == "done"


def test_finished_in_this_run(nodes: Nodes) -> None:
    first = nodes.run("Make")
    halfway[:] = [kill]
    again = nodes.run("Make")
    assert (again.state, again.was_finished, folder_of(again)) == ("done", True, folder_of(first))
    assert halfway == [kill]
    assert len(nodes.executions()) == 1
    # Another run has its own execution.
    halfway.clear()
    assert folder_of(nodes.run("Make", "run-2")) == "2"


def test_cached_in_this_run(nodes: Nodes) -> None:
    nodes.run("Make")
    cached = nodes.compiled("run-2").run_node("Make")
    again = nodes.compiled("run-2").run_node("Make")
    assert (cached.state, again.state, again.was_finished) == ("cached", "cached", True)
    assert nodes.live() == ["1"]


def test_the_old_pod_succeeds_after_the_new_one(nodes: Nodes) -> None:
    """The later attempt starts and finishes while the first is halfway."""
    later: list[NodeResult] = []
    halfway[:] = [lambda: later.append(nodes.run("Make"))]
    with pytest.raises(SupersededError, match="attempt 1 of Make was superseded"):
        nodes.run("Make")
    assert folder_of(later[0]) == "1-2"
    assert nodes.models == nodes.live() == ["1-2"]
    assert nodes.run("Make").was_finished


def test_the_old_pod_fails_after_the_new_one_succeeded(nodes: Nodes) -> None:
    def run_again_and_fail() -> None:
        nodes.run("Make")
        raise UserError("the machine was drained")

    halfway[:] = [run_again_and_fail]
    with pytest.raises(SupersededError):
        nodes.run("Make")
    # TFX alone would have marked the execution as failed.
    assert nodes.compiled("run-1").find_result("Make") is not None
    assert nodes.models == nodes.live() == ["1-2"]
    assert nodes.run("Use").state == "done"


def test_the_old_pod_ends_while_the_new_one_is_running(nodes: Nodes) -> None:
    """The first attempt ends while the later one is halfway."""
    first = nodes.compiled("run-1")

    def start_later() -> None:
        halfway[:] = [kill]
        with pytest.raises(Killed):
            nodes.run("Make")

    halfway[:] = [start_later]
    with pytest.raises(SupersededError):
        first.run_node("Make")
    # Both ended without publishing; a third attempt succeeds.
    assert nodes.live() == []
    assert folder_of(nodes.run("Make")) == "1-3"
    assert nodes.models == nodes.live() == ["1-3"]


@pytest.mark.parametrize(
    ("check", "result"), [("Attempt.is_newest", True), ("_has_outputs", False)], ids=str
)
def test_outputs_are_published_once_in_a_race(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, check: str, result: bool
) -> None:
    """The first attempt pauses between reading the metadata and acting on it."""
    name = f"pipeline.execution.launcher.{check}"
    later: list[NodeResult] = []

    def check_and_pause(*_: Any) -> bool:
        monkeypatch.undo()
        later.append(nodes.run("Make"))
        return result

    monkeypatch.setattr(name, check_and_pause)
    with contextlib.suppress(SupersededError):
        assert folder_of(nodes.run("Make")) == "1-2"
    assert folder_of(later[0]) == "1-2"
    assert nodes.models == nodes.live() == ["1-2"]
    assert len(nodes.executions()) == 1
    assert nodes.run("Use").state == "done"


class _Failing(resolver.ResolverStrategy):
    """Fails as the Baseline does where what is released cannot be read."""

    def resolve_artifacts(self, store: Any, input_dict: dict[str, list[Any]]) -> None:
        raise UserError("the released version cannot be read", "Make it readable.")


def test_a_resolver_that_fails_says_why(nodes: Nodes) -> None:
    channel = Channel(type=standard_artifacts.Model)
    failing = resolver.Resolver(strategy_class=_Failing, model=channel).with_id("Failing")
    pipeline = Pipeline("pets", str(nodes.root / "artifacts"), components=[failing])
    with pytest.raises(RuntimeError, match="resolved: the released version cannot be read"):
        CompiledPipeline(pipeline, "run-1", nodes.connection).run_node("Failing")


def test_downstream_first(nodes: Nodes) -> None:
    assert nodes.compiled("run-1").unfinished("Use") == {"Make": "not started"}
    halfway[:] = [kill]
    with pytest.raises(Killed):
        nodes.run("Make")
    assert nodes.compiled("run-1").unfinished("Use") == {"Make": "running"}
    # TFX's launcher finds no inputs and leaves an execution without any.
    with pytest.raises(RuntimeError, match="its inputs could not be resolved"):
        nodes.run("Use")
    nodes.run("Make")
    assert nodes.compiled("run-1").unfinished("Use") == {}
    assert nodes.run("Use").state == "done"
    store = mlmd.MetadataStore(nodes.connection)
    use = next(one for one in nodes.executions() if one.name.endswith(".Use"))
    events = store.get_events_by_execution_ids([use.id])
    assert [event.type for event in events].count(metadata_store_pb2.Event.INPUT) == 1
