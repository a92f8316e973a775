"""Manifests of model servers: they fit the published schemas, and read where the Pusher writes."""

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from kubeflow.cli import cli
from kubeflow.serving.manifests import serving_manifests
from pipeline.config.schema import PipelineConfig
from tests.fakes.kubernetes.kubernetes_models import check_model
from tests.fakes.packages import install

# KServe's Python SDK; its models are generated from the CRDs.
KSERVE = "kserve==0.21.0"
KSERVE_HASH = "sha256:df9bc5888704d9085015e08f1a8fced5ff0698f3becc6212d4e7b8234c71623b"
ON_A_VOLUME = {
    "image": "registry.example/image-pipeline:1",
    "root": "/mnt/pipeline/pets",
    "volumes": {"image-pipeline": "/mnt/pipeline"},
}
IN_A_BUCKET = {"image": "registry.example/image-pipeline:1", "root": "gs://bucket/pets"}
EVERYTHING = {
    **ON_A_VOLUME,
    "image_pull_secrets": ["registry"],
    "security_context": {"run_as_user": 4711, "run_as_group": 4712},
    "serving": {
        "name": "pets",
        "namespace": "vision",
        "image": "registry.example/serving",
        "version": "2.19.1",
        "replicas": 3,
        "cpu": 4,
        "memory": "8Gi",
        "gpus": 1,
        "node_selector": {"cloud.google.com/gke-accelerator": "nvidia-l4"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "service_account": "model-server",
    },
}
WITH_SECRETS = {
    **IN_A_BUCKET,
    "serving": {
        "env": {"GOOGLE_APPLICATION_CREDENTIALS": "/var/secrets/google/key.json"},
        "secrets": [
            {"name": "google", "files": "/var/secrets/google"},
            {"name": "proxy", "env": {"HTTPS_PROXY": "url"}},
        ],
    },
}


def manifests(kind: str, kubeflow: dict[str, Any], **push: Any) -> list[dict[str, Any]]:
    config = PipelineConfig.model_validate(
        {
            "data": {"source": "digits"},
            "gate": {"min_accuracy": 0.9},
            "push": {"model_name": "Pet_Images", **push},
            "kubeflow": kubeflow,
        }
    )
    return list(yaml.safe_load_all(serving_manifests(config, kind)))


@pytest.mark.parametrize("kubeflow", [ON_A_VOLUME, IN_A_BUCKET, EVERYTHING, WITH_SECRETS])
def test_tensorflow_serving_fits_the_kubernetes_api(kubeflow: dict[str, Any]) -> None:
    deployment, service = manifests("tensorflow-serving", kubeflow)
    check_model(deployment, "V1Deployment", "deployment")
    check_model(service, "V1Service", "service")
    pod = deployment["spec"]["template"]
    selector = service["spec"]["selector"]
    assert selector == deployment["spec"]["selector"]["matchLabels"]
    assert selector.items() <= pod["metadata"]["labels"].items()
    [container] = pod["spec"]["containers"]
    ports = {port["name"] for port in container["ports"]}
    assert ports == {port["targetPort"] for port in service["spec"]["ports"]}
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]}


@pytest.fixture(scope="module")
def kserve_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[types.ModuleType]:
    """The models of KServe's SDK, without its server."""
    folder = tmp_path_factory.mktemp("kserve")
    install(folder, f"{KSERVE} --hash={KSERVE_HASH}")
    package = types.ModuleType("kserve")
    package.__path__ = [str(folder / "kserve")]
    sys.modules["kserve"] = package
    try:
        import kserve.models  # type: ignore[import-not-found]

        yield kserve.models
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "kserve"]:
            del sys.modules[name]


@pytest.mark.parametrize("kubeflow", [ON_A_VOLUME, IN_A_BUCKET, EVERYTHING])
def test_kserve_fits_its_api(kubeflow: dict[str, Any], kserve_models: types.ModuleType) -> None:
    [service] = manifests("kserve", kubeflow)
    check_model(service, "V1beta1InferenceService", "service", kserve_models)
    assert (service["apiVersion"], service["kind"]) == (
        "serving.kserve.io/v1beta1",
        "InferenceService",
    )


def test_a_misspelled_field_is_found(kserve_models: types.ModuleType) -> None:
    [service] = manifests("kserve", ON_A_VOLUME)
    model = service["spec"]["predictor"]["model"]
    model["storageURI"] = model.pop("storageUri")
    with pytest.raises(ValueError, match="V1beta1ModelSpec has no storageURI"):
        check_model(service, "V1beta1InferenceService", "service", kserve_models)


@pytest.mark.parametrize(
    ("kubeflow", "folder", "path", "uri"),
    [
        (
            ON_A_VOLUME, None, "/mnt/pipeline/pets/serving/Pet_Images",
            "pvc://image-pipeline/pets/serving/Pet_Images",
        ),
        (
            {**ON_A_VOLUME, "volumes": {"image-pipeline": "/mnt/pipeline", "models": "/mnt/p/m"}},
            "/mnt/p/m", "/mnt/p/m", "pvc://models",
        ),
        (
            {**ON_A_VOLUME, "volumes": {"outer": "/mnt/pipeline", "inner": "/mnt/pipeline/pets"}},
            None, "/mnt/pipeline/pets/serving/Pet_Images",
            "pvc://inner/serving/Pet_Images",
        ),
        (
            IN_A_BUCKET, None, "gs://bucket/pets/serving/Pet_Images",
            "gs://bucket/pets/serving/Pet_Images",
        ),
        (ON_A_VOLUME, "gs://models/pets", "gs://models/pets", "gs://models/pets"),
    ],
)  # fmt: skip
def test_servers_read_where_the_pusher_writes(
    kubeflow: dict[str, Any], folder: str | None, path: str, uri: str
) -> None:
    deployment, _ = manifests("tensorflow-serving", kubeflow, folder=folder)
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert f"--model_base_path={path}" in container["args"]
    claims = {
        volume["name"]: volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["volumes"]
        if "persistentVolumeClaim" in volume
    }
    mounts = {claims[m["name"]]: m for m in container["volumeMounts"] if m["name"] in claims}
    if uri.startswith("pvc://"):
        claim, _, inside = uri.removeprefix("pvc://").partition("/")
        assert mounts[claim]["readOnly"] is True
        assert f"{mounts[claim]['mountPath']}/{inside}".rstrip("/") == path
    else:
        assert not mounts
    [service] = manifests("kserve", kubeflow, folder=folder)
    assert service["spec"]["predictor"]["model"]["storageUri"] == uri


def test_settings_are_used() -> None:
    deployment, service = manifests("tensorflow-serving", EVERYTHING)
    assert {m["metadata"]["namespace"] for m in (deployment, service)} == {"vision"}
    assert deployment["spec"]["replicas"] == 3
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == 4711
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["tolerations"][0]["key"] == "nvidia.com/gpu"
    [container] = pod["containers"]
    assert container["image"] == "registry.example/serving:2.19.1-gpu"
    amounts = {"cpu": "4", "memory": "8Gi", "nvidia.com/gpu": "1"}
    assert container["resources"] == {"requests": amounts, "limits": amounts}
    [service] = manifests("kserve", EVERYTHING)
    predictor = service["spec"]["predictor"]
    assert predictor["model"]["image"] == container["image"]
    assert predictor["model"]["runtimeVersion"] == "2.19.1-gpu"
    assert predictor["minReplicas"] == 3 and predictor["serviceAccountName"] == "model-server"
    assert predictor["nodeSelector"] == pod["nodeSelector"]


def test_servers_are_not_root_and_read_only() -> None:
    deployment, _ = manifests("tensorflow-serving", ON_A_VOLUME)
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"]


CONFIG = """\
data: {source: digits}
gate: {min_accuracy: 0.9}
push: {model_name: pets}
"""


def test_the_command_writes_a_file(tmp_path: Path) -> None:
    config, output = tmp_path / "pets.yaml", tmp_path / "serving.yaml"
    config.write_text(f"{CONFIG}kubeflow: {ON_A_VOLUME}\n")
    result = CliRunner().invoke(cli, ["serving", str(config), "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert f"kubectl apply -f {output}" in result.output
    kinds = [manifest["kind"] for manifest in yaml.safe_load_all(output.read_text())]
    assert kinds == ["Deployment", "Service"]
    options = ["--kind", "kserve", "--set", "kubeflow.serving.name=cats"]
    CliRunner().invoke(cli, ["serving", str(config), "-o", str(output), *options])
    assert yaml.safe_load(output.read_text())["metadata"]["name"] == "cats"


@pytest.mark.parametrize(
    ("kubeflow", "options", "exit_code", "message"),
    [
        (ON_A_VOLUME, ["--set", "push.folder=/srv/models"], 2, "is not on a volume"),
        (ON_A_VOLUME, ["--set", "kubeflow.serving.name=Pets"], 2, "kubeflow.serving.name"),
        (WITH_SECRETS, ["--kind", "kserve"], 1, "kubeflow.serving.service_account"),
        (ON_A_VOLUME, ["-o", "/no/such/folder/serving.yaml"], 1, "cannot be written"),
    ],
)
def test_errors(
    kubeflow: dict[str, Any], options: list[str], exit_code: int, message: str, tmp_path: Path
) -> None:
    config, output = tmp_path / "pets.yaml", tmp_path / "serving.yaml"
    config.write_text(f"{CONFIG}kubeflow: {kubeflow}\n")
    result = CliRunner().invoke(cli, ["serving", str(config), "-o", str(output), *options])
    assert result.exit_code == exit_code
    assert message in result.output
    assert not output.exists()
