"""The `kubeflow` section: its error messages, and that it does not affect the pipeline."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from pipeline.config.errors import ConfigError
from pipeline.config.kubeflow.kubernetes_types import byte_count
from pipeline.config.kubeflow.settings import KubeflowSettings
from pipeline.config.load import check_config
from pipeline.nodes import NODES

CONFIG = """
data: {source: digits}
gate: {min_accuracy: 0.9}
push: {model_name: digits}
trainer: {warm_start: true}
serving_check: {infra_validator: {}}
kubeflow:
  image: registry.example/image-pipeline:1
  root: /mnt/pipeline
  volumes: {claim: /mnt/pipeline}
  resources:
    default: {cpu: 1, memory: 2Gi}
    Trainer: {gpus: 1}
"""


def settings(*overrides: str) -> KubeflowSettings:
    section = check_config(yaml.safe_load(CONFIG), overrides).kubeflow
    assert section is not None
    return section


def problems(overrides: Sequence[str]) -> dict[str, str]:
    with pytest.raises(ConfigError) as error:
        settings(*overrides)
    return {problem.path: problem.message for problem in error.value.problems}


@pytest.mark.parametrize(
    ("override", "path", "message"),
    [
        (
            "resources.Trainor={gpus: 1}",
            "resources.Trainor",
            "is not a node. Did you mean Trainer? Nodes: ImageExampleGen, ",
        ),
        ("resources.Trainer.gpu=1", "resources.Trainer.gpu", "unknown key. Did you mean gpus?"),
        ("resources.Trainer.cpu=lots", "resources.Trainer.cpu", "cores, such as 2 or 500m"),
        ("resources.Trainer.cpu=0", "resources.Trainer.cpu", "cores, such as 2 or 500m"),
        ("resources.Trainer.cpu=yes", "resources.Trainer.cpu", "received true"),
        ("resources.Trainer.memory=8", "resources.Trainer.memory", "such as 8Gi or 500Mi"),
        (
            "resources.Trainer={accelerator: amd.com/gpu}",
            "resources.Trainer.accelerator",
            "gpus is 0; set gpus",
        ),
        (
            "resources.Trainer={memory: 8Gi, shared_memory: 9G}",
            "resources.Trainer.shared_memory",
            "must be less than 8Gi",
        ),
        (
            "resources.Trainer.tolerations=[{operator: Exists, value: a}]",
            "resources.Trainer.tolerations[0].value",
            "operator Exists takes no value",
        ),
        (
            "resources.Trainer.tolerations=[{value: a}]",
            "resources.Trainer.tolerations[0].key",
            "is needed for operator Equal",
        ),
        (
            "resources.Trainer.tolerations=[{key: a, value: b, seconds: 3}]",
            "resources.Trainer.tolerations[0].seconds",
            "needs the effect NoExecute",
        ),
        ("root=s3://bucket/runs", "root", "mount the bucket as a volume"),
        ("root=minio://bucket/runs", "root", "mount the bucket as a volume"),
        ("root=runs", "root", "absolute path of a mounted folder, or gs://"),
        ("root=/mnt/pipelines", "root", "is not on a volume"),
        ("volumes.A_B=/mnt/a", "volumes.A_B", 'received "A_B"; allowed: name: up to 63'),
        ("volumes.a=mnt", "volumes.a", 'received "mnt"; allowed: absolute path'),
        ("volumes.other=/mnt/pipeline", "", "the same path is mounted twice"),
        ("secrets=[{name: claim, files: /s}]", "", "the same name is mounted twice in one pod"),
        ("secrets=[{name: a}]", "secrets[0]", "set env, files, or both"),
        (
            "secrets=[{name: a, env: {METADATA_USER: x}}]",
            "",
            "METADATA_USER: is reserved for the pipeline",
        ),
        (
            "resources.Trainer={env: {A: b}, secrets: [{name: a, env: {A: x}}]}",
            "",
            "variables are set twice for Trainer: A",
        ),
        ("metadata.url=sqlite:////mnt/db", "metadata.url", "SQLite is for one machine"),
        ("metadata.url=mongodb://host/db", "metadata.url", "give postgresql://HOST[:PORT]"),
        ("metadata.url=grpc://host", "metadata.url", "grpc://HOST:PORT"),
        ("metadata.url=mysql://host/d-b", "metadata.url", "letters, digits, _ and $"),
        ("metadata.url=postgresql://host/db?sslmode=require", "metadata.url", "has no TLS"),
        ("metadata.url=mysql://host/db", "metadata.secret", "name the secret with the"),
        ("metadata.secret=a", "metadata.secret", "needs none"),
        (
            "security_context={run_as_user: 0, run_as_non_root: true}",
            "security_context.run_as_user",
            "0 is root, and run_as_non_root forbids it",
        ),
        ("retries.count=11", "retries.count", "whole number from 0 to 10"),
        ("image=", "image", "name of an image"),
        (
            "image=registry.example:5000/Vision/Pets:V1",
            "image",
            "write registry.example:5000/vision/pets:V1, and name it so when you push it",
        ),
        ("image=Pets", "image", "write pets, and"),
        ("retries.backoff_factor=1.5", "retries.backoff_factor", "whole number from 1 to 10"),
    ],
)
def test_error_messages(override: str, path: str, message: str) -> None:
    found = problems([f"kubeflow.{override}"])
    where = f"kubeflow.{path}".rstrip(".")
    assert list(found) == [where]
    assert message in found[where]


def test_a_password_in_a_url_is_not_repeated() -> None:
    found = problems(["kubeflow.metadata.url=postgresql://me:hunter2@host/db"])
    assert "put them into a secret" in found["kubeflow.metadata.url"]
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2/db",
        "postgresql://host/db?sslpassword=hunter2",
        "mysql://host/db?hunter2",
        "mysql://host/db;password=hunter2",
        "oracle://me:hunter2/db",
        "sqlite://me:hunter2@/db",
    ],
)
def test_a_url_that_may_contain_a_password_is_not_repeated(url: str) -> None:
    found = problems([f"kubeflow.metadata.url={url}"])
    assert list(found) == ["kubeflow.metadata.url"]
    assert "hunter2" not in str(found)


def test_names_like_users_and_passwords_are_not_credentials() -> None:
    for url in ("mysql://users-db/meta", "postgresql://host/passwords"):
        metadata = settings(f"kubeflow.metadata={{url: '{url}', secret: db}}").metadata
        assert metadata.url == url


def test_a_node_without_an_entry_has_the_default() -> None:
    section = settings()
    assert section.resources_of("Report").memory == "2Gi"
    # An entry replaces the default as a whole.
    assert (section.resources_of("Trainer").gpus, section.resources_of("Trainer").memory) == (
        1,
        None,
    )
    assert settings("kubeflow.resources={}").resources_of("Report").memory is None


def test_a_bucket_needs_no_volume() -> None:
    assert settings("kubeflow.root=gs://bucket/runs", "kubeflow.volumes={}").volumes == {}


def test_an_empty_section() -> None:
    assert check_config(yaml.safe_load(CONFIG), ["kubeflow="]).kubeflow is None


def test_byte_count() -> None:
    assert (byte_count("1.5Gi"), byte_count("2M")) == (1.5 * 1024**3, 2_000_000)


def test_the_section_lists_every_node_and_does_not_change_the_pipeline() -> None:
    from tfx.dsl.compiler import compiler

    from pipeline.graph import create_pipeline
    from pipeline.run.paths import Workspace

    def compiled(*overrides: str) -> object:
        config = check_config(yaml.safe_load(CONFIG), overrides)
        return compiler.Compiler().compile(create_pipeline(config, Workspace(Path("/w"))))

    with_cluster = compiled()
    assert {node.pipeline_node.node_info.id for node in with_cluster.nodes} == set(NODES)  # type: ignore[attr-defined]
    assert with_cluster == compiled("kubeflow=")
