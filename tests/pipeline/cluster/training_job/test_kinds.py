"""Manifests of training jobs, checked against the published schemas."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from components.errors import UserError
from pipeline.cli.train_worker import tf_config
from pipeline.cluster.training_job.job import run_job
from pipeline.cluster.training_job.kinds import KINDS, JobRequest, Manifest
from pipeline.cluster.training_job.spec import WAITING_RESOURCES, read_spec, training_job_json
from pipeline.config.kubeflow.settings import KubeflowSettings
from pipeline.config.kubeflow.training import TrainingJobSettings, check_distribution
from tests.fakes.kubernetes.cluster import FakeCluster, with_status
from tests.fakes.kubernetes.kubernetes_models import check_model
from tests.fakes.kubernetes.schemas import pod_templates, problem_with
from tests.pipeline.cluster.training_job.conftest import QUICK, training_job
from tests.repository import REPOSITORY
from trainer.stages.distribution import count_workers

SETTINGS: dict[str, Any] = {
    "image": "registry.example/image-pipeline:1",
    "image_pull_secrets": ["registry"],
    "root": "/mnt/pipeline/flowers",
    "volumes": {"pipeline": "/mnt/pipeline"},
    "metadata": {"url": "postgresql://db/mlmd", "secret": "mlmd"},
    "security_context": {"run_as_user": 1000, "run_as_non_root": True},
    "env": {"NCCL_DEBUG": "INFO"},
    "secrets": [{"name": "bucket", "env": {"KEY": "key"}, "files": "/var/run/secrets/bucket"}],
    "training": {"pods": 3},
    "resources": {
        "default": {"memory": "4Gi"},
        "Trainer": {
            "cpu": 4,
            "memory": "16Gi",
            "gpus": 2,
            "shared_memory": "8Gi",
            "node_selector": {"cloud.google.com/gke-accelerator": "nvidia-l4"},
            "tolerations": [
                {"key": "nvidia.com/gpu", "operator": "Exists"},
                {"key": "spot", "value": "yes", "effect": "NoExecute", "seconds": 60},
            ],
        },
    },
}


def build(kind: str, **changed: Any) -> list[tuple[str, Manifest]]:
    """The manifests of a job for these settings."""
    settings = KubeflowSettings.model_validate({**SETTINGS, **changed})
    spec = read_spec(training_job_json(settings))
    return KINDS[kind].build(JobRequest("train-flowers-0123456789", ["python"], spec, {}))


def pod_of(manifests: list[tuple[str, Manifest]]) -> dict[str, Any]:
    """The only pod template."""
    [template] = [one for plural, job in manifests for one in pod_templates(plural, job)]
    return template["spec"]


@pytest.mark.parametrize("kind", KINDS)
def test_manifests_fit_the_published_schemas(kind: str) -> None:
    for plural, manifest in build(kind):
        assert problem_with(plural, manifest) is None
        # The schemas do find an unknown field.
        assert problem_with(plural, {**manifest, "spec": {**manifest["spec"], "podz": 1}})


@pytest.mark.parametrize("kind", KINDS)
def test_pods_have_the_trainers_settings(kind: str) -> None:
    pod = pod_of(build(kind, service_account="flowers"))
    [container] = pod["containers"]
    assert container["image"] == "registry.example/image-pipeline:1"
    limits = {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "2"}
    assert container["resources"] == {
        "requests": {"cpu": "4", "memory": "16Gi"},
        "limits": limits,
    }
    assert {one["name"]: one["mountPath"] for one in container["volumeMounts"]} == {
        "pipeline": "/mnt/pipeline",
        "bucket": "/var/run/secrets/bucket",
        "shared-memory": "/dev/shm",
    }
    volumes = {one.pop("name"): one for one in pod["volumes"]}
    assert volumes == {
        "pipeline": {"persistentVolumeClaim": {"claimName": "pipeline"}},
        "bucket": {"secret": {"secretName": "bucket"}},
        "shared-memory": {"emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}},
    }
    assert container["env"] == [
        {"name": "NCCL_DEBUG", "value": "INFO"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "bucket", "key": "key"}}},
    ]
    assert pod["nodeSelector"] == {"cloud.google.com/gke-accelerator": "nvidia-l4"}
    spot = {"key": "spot", "operator": "Equal", "value": "yes", "effect": "NoExecute"}
    assert pod["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Exists"},
        {**spot, "tolerationSeconds": 60},
    ]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert container["securityContext"] == {
        "runAsUser": 1000,
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["securityContext"] == {
        "fsGroup": 1000,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert pod["serviceAccountName"] == "flowers" and pod["restartPolicy"] == "Never"


@pytest.mark.parametrize("kind", KINDS)
def test_pods_do_not_get_the_metadata_credentials(kind: str) -> None:
    assert "mlmd" not in json.dumps(build(kind))


def test_numbers_of_pods() -> None:
    [(_, job)] = build("TFJob")
    assert job["spec"]["tfReplicaSpecs"]["Worker"]["replicas"] == 3
    (_, runtime), (_, job) = build("TrainJob")
    assert runtime["spec"]["mlPolicy"] == {"numNodes": 3} == job["spec"]["trainer"]
    # The operator does not restart failed pods.
    assert runtime["spec"]["template"]["spec"]["failurePolicy"] == {"maxRestarts": 0}


def test_the_command_of_a_trainjob_lists_its_pods() -> None:
    [container] = pod_of(build("TrainJob"))["containers"]
    name = "train-flowers-0123456789"
    hosts = [f"{name}-node-0-{index}.{name}:2222" for index in range(3)]
    assert container["command"] == ["python", "--workers", ",".join(hosts)]
    assert count_workers(tf_config(hosts, "2")) == 3
    with pytest.raises(UserError, match="needs a `task` whose `index` is from 0 to 2; it has x"):
        count_workers(tf_config(hosts, "x"))


def test_the_trainers_pod_owns_the_job(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KFP_POD_NAME", "flowers-abc-123")
    monkeypatch.setenv("KFP_POD_UID", "11111111-2222-3333-4444-555555555555")
    cluster.play = with_status({"phase": "Succeeded"}, {"phase": "Succeeded"})
    run_job(read_spec(training_job(kind="TrainJob")), "train-it", ["true"], QUICK)
    for manifest in cluster.submitted:
        [owner] = manifest["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"]) == ("Pod", "flowers-abc-123")
        assert manifest["metadata"]["namespace"] == "team-a"


def test_role_and_binding_fit_the_published_schemas() -> None:
    role, binding = yaml.safe_load_all(Path(REPOSITORY, "kubeflow", "rbac.yaml").read_text())
    for manifest in (role, binding):
        check_model(manifest, f"V1{manifest['kind']}", manifest["kind"])
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    # No secrets, and no wildcards.
    assert "secrets" not in str(role) and "*" not in str(role)


def test_the_waiting_trainer_requests_no_gpu() -> None:
    check_model(WAITING_RESOURCES, "V1ResourceRequirements", "resources")
    assert "nvidia.com/gpu" not in WAITING_RESOURCES["limits"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "value: Invalid JSON"),
        ('{"pods": 2}', "image: Field required"),
        ('{"pods": 1, "image": "a"}', "pods: Input should be greater than or equal to 2"),
        ('{"pods": 2, "image": "a", "gpus": 1}', "gpus: Extra inputs are not permitted"),
    ],
)
def test_an_invalid_variable(text: str, problem: str) -> None:
    with pytest.raises(UserError) as caught:
        read_spec(text)
    assert "the environment variable TRAINING_JOB is not valid: " in caught.value.message
    assert problem in caught.value.message
    assert "compile with the version that is in the image" in str(caught.value.hint)


def test_distribution_must_match_the_number_of_pods() -> None:
    training = TrainingJobSettings(pods=2)
    for distribution in ("auto", "multi_worker"):
        check_distribution(distribution, training)
    for distribution in ("auto", "one_device", "mirrored"):
        check_distribution(distribution, None)
    for distribution in ("one_device", "mirrored"):
        with pytest.raises(ValueError, match="trains on 2 pods, and trainer.distribution: "):
            check_distribution(distribution, training)
    with pytest.raises(ValueError, match=r"set the number of pods, such as training: \{pods: 2\}"):
        check_distribution("multi_worker", None)


@pytest.mark.parametrize("pods", [1, 0, 1025])
def test_number_of_pods_out_of_range(pods: int) -> None:
    with pytest.raises(ValidationError, match="pods"):
        TrainingJobSettings(pods=pods)
