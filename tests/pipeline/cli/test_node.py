"""`python -m pipeline node`: processes of their own, over a database, as the tasks of a cluster."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2

from pipeline.metadata.connection import connection_config
from pipeline.metadata.credentials import Login
from pipeline.metadata.url import parse_metadata_url
from pipeline.run.events import Failed, parse_event
from tests.e2e.runs import write_images
from tests.fakes.servers.mysql import MySQL, run_mysql
from tests.fakes.servers.postgresql import PostgreSQL, run_postgresql
from tests.repository import REPOSITORY

pytestmark = pytest.mark.long(11)

CONFIG: dict[str, Any] = {
    "data": {"path": "IMAGES"},
    "transform": {"image_size": 32},
    "model": {"weights": "bundled", "alpha": 0.35},
    "trainer": {"warm_start": True},
    "gate": {"min_accuracy": 0.6},
    "push": {"model_name": "zeros-and-ones"},
}


@dataclass
class Cluster:
    """What the nodes of all runs share.

    Attributes:
        root: The mounted folder.
        server: The metadata's server.
        config: The configuration.
        outputs: All that nodes have written so far.
    """

    root: Path
    server: PostgreSQL | MySQL
    config: dict[str, Any]
    outputs: list[str] = field(default_factory=list)

    def start(self, node: str, run_id: str, *options: str) -> subprocess.Popen[str]:
        """Starts a node in an environment with nothing in it but what a pod is given."""
        command = [sys.executable, "-m", "pipeline", "node", "--node", node, "--run-id", run_id]
        command += ["--config-json", json.dumps(self.config), "--root", str(self.root)]
        command += ["--metadata", self.server.url("nodes"), *options]
        return subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**self.server.login, "CUDA_VISIBLE_DEVICES": "-1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> tuple[int, str, str]:
        """Waits for one; its exit code and what it wrote on either stream."""
        out, err = process.communicate(timeout=300)
        self.outputs += [out, err]
        return process.returncode, out, err

    def live(self, run_id: str) -> list[str]:
        """URIs of the live artifacts of a run."""
        login = Login(self.server.user, self.server.password)
        store = mlmd.MetadataStore(
            connection_config(parse_metadata_url(self.server.url("nodes")), login)
        )
        run = store.get_context_by_type_and_name("pipeline_run", run_id)
        found = store.get_artifacts_by_context(run.id)
        return [one.uri for one in found if one.state == metadata_store_pb2.Artifact.LIVE]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    images = write_images(folder / "images")
    config = {**CONFIG, "data": {"path": str(images)}}
    with run_postgresql() as server:
        cluster = Cluster(folder / "root", server, config)
        yield cluster
        # TFX and MLMD log much of what they are given.
        assert not [text for text in cluster.outputs if server.password in text]


def test_nodes_that_start_together_on_an_empty_database(cluster: Cluster) -> None:
    twins = [cluster.start("ImageExampleGen", "run-1") for _ in range(2)]
    # In a run of its own: in that of the twins, it may come when one of them has finished.
    early, unknown = cluster.start("StatisticsGen", "run-0"), cluster.start("Trianer", "run-1")
    results = [cluster.finish(process) for process in twins]
    assert sum(code == 0 for code, *_ in results) >= 1, results
    assert all(
        code == 0 or "was superseded by a later attempt" in err for code, _, err in results
    ), results
    assert any("120 images; train 90, validation 12, test 18" in out for _, out, _ in results)
    [uri] = cluster.live("run-1")
    examples = cluster.root / "artifacts" / "zeros-and-ones" / "ImageExampleGen" / "examples"
    assert [str(path) for path in examples.iterdir()] == [uri]

    code, out, err = cluster.finish(early)
    assert code == 1
    assert "StatisticsGen needs nodes that have not finished in this run: ImageExampleGen (" in err
    failed = parse_event(out.splitlines()[-1])
    assert isinstance(failed, Failed) and failed.component == "StatisticsGen"
    assert "Traceback" not in err
    code, _, err = cluster.finish(unknown)
    assert code == 2
    assert "Error: --node: the pipeline has no node Trianer. It has " in " ".join(err.split())
    assert "Traceback" not in err


def test_independent_nodes_a_finished_one_and_the_cache(cluster: Cluster, tmp_path: Path) -> None:
    files = ["--metrics", str(tmp_path / "a" / "m.json"), "--html", str(tmp_path / "b" / "p.html")]
    outputs = {"outputs": {"artifacts": {"metrics": {}}, "outputFile": str(tmp_path / "c" / "o")}}
    processes = [
        cluster.start("StatisticsGen", "run-1"),
        cluster.start("EarlierModel", "run-1"),
        cluster.start("ImageExampleGen", "run-1", "--set", "data.path="),
        cluster.start("ImageExampleGen", "run-2", *files, "--executor-input", json.dumps(outputs)),
    ]
    results = [cluster.finish(process) for process in processes]
    assert [code for code, *_ in results] == [0] * 4, results
    outcomes = [" ".join(out.splitlines()[-2].split()) for _, out, _ in results]
    events = [parse_event(out.splitlines()[-1]) for _, out, _ in results]
    assert [getattr(event, "state", "") for event in events] == ["done", "done", "done", "cached"]
    assert outcomes[0].startswith("StatisticsGen done ")
    assert outcomes[1].startswith("EarlierModel done ") and outcomes[1].endswith(" none yet")
    assert outcomes[2].startswith("ImageExampleGen had finished in this run before ")
    assert outcomes[3].startswith("ImageExampleGen cached: the outputs of an earlier run")
    assert set(cluster.live("run-2")) < set(cluster.live("run-1"))

    metrics = json.loads((tmp_path / "a" / "m.json").read_text())
    assert metrics["found"] == 120 and metrics["train_images"] == 90
    assert "<h1>ImageExampleGen: cached" in (tmp_path / "b" / "p.html").read_text()
    kfp_output = json.loads((tmp_path / "c" / "o").read_text())
    assert kfp_output == {"artifacts": {"metrics": {"artifacts": [{"metadata": metrics}]}}}


def test_a_node_that_is_killed_and_run_again(cluster: Cluster) -> None:
    # Nothing that the cache has.
    settings = ["--set", "data.shard_bytes=1000", "--set", "data.max_bad_fraction=0.5"]
    process = cluster.start("ImageExampleGen", "run-killed", *settings)
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if "writing examples" in line:
            process.kill()
            break
    assert cluster.finish(process)[0] == -9, seen
    assert cluster.live("run-killed") == []
    code, out, err = cluster.finish(cluster.start("ImageExampleGen", "run-killed", *settings))
    assert code == 0, err
    [uri] = cluster.live("run-killed")
    folder = Path(uri)
    assert folder.name.endswith("-2")
    # What the killed attempt left is gone.
    assert not (folder.parent / folder.name.removesuffix("-2")).exists()
    assert "120 of 120 images accepted" in out


@pytest.mark.slow
def test_mysql(cluster: Cluster, tmp_path: Path) -> None:
    """Nodes that start together on an empty database, and another run that is cached."""
    with run_mysql() as server:
        cluster = Cluster(tmp_path / "root", server, cluster.config)
        twins = [cluster.start("ImageExampleGen", "run-1") for _ in range(2)]
        results = [cluster.finish(process) for process in twins]
        assert sum(code == 0 for code, *_ in results) >= 1, results
        assert all(
            code == 0 or "superseded by a later attempt" in err for code, _, err in results
        ), results
        [uri] = cluster.live("run-1")
        code, out, err = cluster.finish(cluster.start("ImageExampleGen", "run-2"))
        assert (code, "cached: the outputs of an earlier run" in out) == (0, True), err
        assert cluster.live("run-2") == [uri]
    assert not [text for text in cluster.outputs if server.password in text]


BASE = {
    "--node": "Trainer",
    "--run-id": "r",
    "--config-json": json.dumps({**CONFIG, "data": {"source": "digits"}}),
    "--metadata": "sqlite:////tmp/never-made.sqlite",
    "--root": "/tmp/never-made",
}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"--config-json": "{"}, "--config-json cannot be used: 1 problem is not valid JSON: Exp"),
        ({"--config-json": "[]"}, "--config-json cannot be used: 1 problem is not a JSON object"),
        ({"--config-json": "{}"}, "--config-json cannot be used: 3 problems"),
        ({"--set": "trainer.batch_size=many"}, "trainer.batch_size"),
        ({"--set": "trainer.batch_sizes=3"}, "Did you mean batch_size?"),
        ({"--metadata": "postgresql://me:geheim@db/m"}, "Error: --metadata: the URL contains a"),
        (
            {"--metadata": "grpc://h:1?ssl_ca=/no/such"},
            "the metadata's ssl_ca=/no/such cannot",
        ),
        ({"--metadata": "postgresql://db/m"}, "METADATA_USER_FILE"),
        ({"--root": "s3://bucket/x"}, "Mount the bucket as a volume"),
        ({"--root": "workspace"}, "is not an absolute path"),
        ({"--run-id": "{{$.pipeline_job_uuid}}"}, "KFP did not say which run this is"),
        ({"--executor-input": "{{$}}"}, "is not what KFP fills in"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_wrong_usage(options: dict[str, str], message: str) -> None:
    words = [word for option in {**BASE, **options}.items() for word in option]
    result = subprocess.run(
        [sys.executable, "-m", "pipeline", "node", *words],
        cwd=REPOSITORY,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr and "geheim" not in result.stderr
