"""The compiled file: tasks, dependencies, commands, and Kubernetes settings."""

import difflib
import functools
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from components.errors import UserError
from kubeflow.compile.limits import note_on_size
from kubeflow.compile.parameters import config_json
from pipeline.config.load import check_config, load_config
from pipeline.config.schema import PipelineConfig
from tests.fakes.kubeflow.clusters import (
    DIGITS,
    EVERYTHING,
    Compilation,
    compile_file,
    with_short_stack,
)
from tests.kubeflow.compile.renew_golden import COMMAND, GOLDEN

pytestmark = pytest.mark.long(20)

CONFIGS = sorted(DIGITS.parent.rglob("*.yaml"))
Document = dict[str, Any]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Compilation:
    return compile_file(DIGITS, tmp_path_factory.mktemp("digits") / "pipeline.yaml")


@pytest.fixture(scope="module")
def everything() -> str:
    return compile_here(EVERYTHING)


def compile_here(config: str, *overrides: str) -> str:
    """Compiles in this process, which takes a second after the first time."""
    from kubeflow.compile.pipeline import compile_pipeline

    checked = check_config(yaml.safe_load(config), overrides, check_paths=False)
    return with_short_stack(compile_pipeline, checked)


@functools.cache  # Parsing takes a second, and nothing changes the result.
def documents(compiled: Compilation | str) -> tuple[Document, Document]:
    text = compiled if isinstance(compiled, str) else compiled.text
    spec, platform = yaml.load_all(text, yaml.CSafeLoader)
    return spec, platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


def container(spec: Document, label: str) -> Document:
    return spec["deploymentSpec"]["executors"][label]["container"]


def test_sample_compiles_without_a_network_in_seconds(digits: Compilation) -> None:
    assert (digits.exit_code, digits.cpu_seconds < 20) == (0, True), digits
    # No messages from TensorFlow, TFX and the SDK.
    assert digits.output.startswith("Wrote ") and len(digits.output.splitlines()) == 1


def test_compiled_sample_is_the_golden_file(digits: Compilation) -> None:
    golden = GOLDEN.read_text()
    difference = "".join(
        difflib.unified_diff(
            golden.splitlines(keepends=True), digits.text.splitlines(keepends=True), "golden", "now"
        )
    )
    assert not difference, f"if the change is intended, update it with {COMMAND}:\n{difference}"


def test_tasks_have_the_dependencies_of_tfx(digits: Compilation) -> None:
    from tfx.dsl.compiler import compiler

    from pipeline.graph import create_pipeline
    from pipeline.run.paths import Workspace

    pipeline = create_pipeline(load_config(DIGITS), Workspace(Path("/mnt/pipeline")))
    nodes = [node.pipeline_node for node in compiler.Compiler().compile(pipeline).nodes]
    tasks = documents(digits)[0]["root"]["dag"]["tasks"]
    ids = {name: task["taskInfo"]["name"] for name, task in tasks.items()}
    assert {
        ids[name]: {ids[upstream] for upstream in task.get("dependentTasks", [])}
        for name, task in tasks.items()
    } == {node.node_info.id: set(node.upstream_nodes) for node in nodes}
    assert {"image-example-gen", "example-check", "statistics-gen", "pusher"} <= set(tasks)


def test_each_task_runs_its_node(digits: Compilation) -> None:
    spec, _ = documents(digits)
    assert spec["schemaVersion"] == "2.1.0" and spec["sdkVersion"] == "kfp-2.5.0"
    for name, task in spec["root"]["dag"]["tasks"].items():
        assert task["cachingOptions"].get("enableCache", False) is False
        assert task["retryPolicy"] == {
            "maxRetryCount": 2,
            "backoffDuration": "30s",
            "backoffFactor": 2,
            "backoffMaxDuration": "604800s",
        }
        run_id = task["inputs"]["parameters"]["run_id"]
        assert run_id == {"runtimeValue": {"constant": "{{$.pipeline_job_uuid}}"}}
        task_container = container(spec, f"exec-{name}")
        assert task_container["image"] == "image-pipeline:0.1.0"
        assert task_container["command"] == ["python", "-m", "pipeline", "node"]
        options = dict(zip(task_container["args"][::2], task_container["args"][1::2], strict=True))
        assert options["--node"] == task["taskInfo"]["name"]
        assert options["--run-id"] == "{{$.inputs.parameters['run_id']}}"
        assert options["--config-json"] == "{{$.inputs.parameters['config']}}"
        assert options["--metadata"] == "grpc://metadata-grpc-service.kubeflow:8080"
        assert options["--root"] == "/mnt/pipeline"


def test_parameters(digits: Compilation) -> None:
    spec, _ = documents(digits)
    parameters = spec["root"]["inputDefinitions"]["parameters"]
    names = ["config", "data_path", "epochs_fine_tune", "epochs_head", "min_accuracy", "span"]
    assert sorted(parameters) == names
    assert {parameter["parameterType"] for parameter in parameters.values()} == {"STRING"}
    for name in names[1:]:
        assert parameters[name]["defaultValue"] == "" and parameters[name]["isOptional"]
        assert "empty: as configured" in parameters[name]["description"]
    options = container(spec, "exec-trainer")["args"]
    assert [
        word for before, word in zip(options, options[1:], strict=False) if before == "--set"
    ] == [
        "data.path={{$.inputs.parameters['data_path']}}",
        "data.span={{$.inputs.parameters['span']}}",
        "gate.min_accuracy={{$.inputs.parameters['min_accuracy']}}",
        "trainer.stages[0].epochs={{$.inputs.parameters['epochs_head']}}",
        "trainer.stages[1].epochs={{$.inputs.parameters['epochs_fine_tune']}}",
    ]
    assert "kubeflow" not in json.loads(parameters["config"]["defaultValue"])


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_parameter_is_the_configuration_without_the_cluster(path: Path) -> None:
    config = load_config(path, check_paths=False)
    text = config_json(config)
    again = check_config(json.loads(text), check_paths=False)
    assert again == config.model_copy(update={"kubeflow": None})
    assert len(text) < len(PipelineConfig.model_dump_json(config)) / 2


def test_outputs(digits: Compilation) -> None:
    spec, _ = documents(digits)
    outputs = {
        name: {
            key: each["artifactType"]["schemaTitle"]
            for key, each in component["outputDefinitions"]["artifacts"].items()
        }
        for name, component in spec["components"].items()
        if "outputDefinitions" in component
    }
    both = {"metrics": "system.Metrics", "html": "system.HTML"}
    assert outputs == {
        "comp-trainer": {"metrics": "system.Metrics"},
        "comp-evaluator": both,
        "comp-serving-check": {"metrics": "system.Metrics"},
        "comp-pusher": both,
        "comp-report": {"html": "system.HTML"},
    }
    options = container(spec, "exec-pusher")["args"]
    assert options[-6:] == [
        *("--metrics", "{{$.outputs.artifacts['metrics'].path}}"),
        *("--html", "{{$.outputs.artifacts['html'].path}}"),
        *("--executor-input", "{{$}}"),
    ]


def test_optional_nodes_are_tasks(everything: str) -> None:
    spec, platform = documents(everything)
    tasks = spec["root"]["dag"]["tasks"]
    assert "earlier-model" in tasks["trainer"]["dependentTasks"]
    assert "infra-validator" in tasks["serving-check"]["dependentTasks"]
    assert {"name": "KFP_NAMESPACE", "fieldPath": "metadata.namespace"} in platform[
        "exec-infra-validator"
    ]["fieldPathAsEnv"]


def test_names_in_kfp_are_lower_case(everything: str) -> None:
    assert documents(everything)[0]["pipelineInfo"]["name"] == "every-thing"
    assert everything.startswith("# Every_Thing, compiled by")


def test_resources_are_set_for_every_version(everything: str) -> None:
    spec, _ = documents(everything)
    trainer = container(spec, "exec-trainer")["resources"]
    assert trainer["accelerator"] == {
        "count": "2",
        "type": "nvidia.com/gpu",
        "resourceCount": "2",
        "resourceType": "nvidia.com/gpu",
    }
    memory = 32 * 1024**3 / 1000**3
    for kind in ("Request", "Limit"):
        assert trainer[f"cpu{kind}"] == 8.0 and trainer[f"resourceCpu{kind}"] == "8"
        assert trainer[f"memory{kind}"] == memory and trainer[f"resourceMemory{kind}"] == "32Gi"
    assert container(spec, "exec-report")["resources"]["resourceCpuLimit"] == "500m"
    assert container(spec, "exec-report")["resources"]["cpuLimit"] == 0.5
    assert "accelerator" not in container(spec, "exec-report")["resources"]


def test_kfp_2_0_reads_its_fields(everything: str) -> None:
    """As the driver of KFP 2.0 to 2.3 reads it, which ignores unknown fields."""
    spec, _ = documents(everything)
    old = json_format.ParseDict(
        spec["deploymentSpec"],
        pipeline_spec_pb2.PipelineDeploymentConfig(),
        ignore_unknown_fields=True,
    )
    resources = old.executors["exec-trainer"].container.resources
    assert (resources.accelerator.type, resources.accelerator.count) == ("nvidia.com/gpu", 2)
    assert (resources.cpu_limit, resources.memory_limit) == (8.0, 32 * 1024**3 / 1000**3)


def test_kubernetes_settings(everything: str) -> None:
    spec, platform = documents(everything)
    run_id = {"name": "KFP_RUN_ID", "fieldPath": "metadata.labels['pipeline/runid']"}
    metadata = {
        "secretName": "mlmd",
        "keyToEnv": [
            {"secretKey": "user", "envVar": "METADATA_USER"},
            {"secretKey": "password", "envVar": "METADATA_PASSWORD"},
        ],
    }
    everywhere: Document = {
        "fieldPathAsEnv": [run_id],
        "pvcMount": [
            {"constant": "image-pipeline", "mountPath": "/mnt/pipeline"},
            {"constant": "images", "mountPath": "/mnt/images"},
        ],
        "imagePullSecret": [{"secretName": "registry"}],
        "secretAsEnv": [metadata],
        "secretAsVolume": [
            {"secretName": "gcs", "mountPath": "/var/secrets/gcs", "optional": False}
        ],
        "securityContext": {"runAsUser": "1000", "runAsGroup": "2000", "runAsNonRoot": True},
    }
    assert platform["exec-report"] == everywhere
    hub = {"secretName": "hub", "keyToEnv": [{"secretKey": "token", "envVar": "HUB_TOKEN"}]}
    assert platform["exec-trainer"] == {
        **everywhere,
        "pvcMount": [
            *everywhere["pvcMount"],
            {"constant": "scratch", "mountPath": "/mnt/scratch"},
        ],
        "secretAsEnv": [metadata, hub],
        "nodeSelector": {"labels": {"cloud.google.com/gke-accelerator": "nvidia-l4"}},
        "tolerations": [
            {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
            {
                "key": "spot",
                "operator": "Equal",
                "value": "yes",
                "effect": "NoExecute",
                "tolerationSeconds": "60",
            },
        ],
        "emptyDirMounts": [
            {
                "volumeName": "shared-memory",
                "mountPath": "/dev/shm",
                "medium": "Memory",
                "sizeLimit": "8Gi",
            }
        ],
    }
    env = {each["name"]: each["value"] for each in container(spec, "exec-trainer")["env"]}
    assert env == {"KERAS_HOME": "/mnt/pipeline/keras", "NCCL_DEBUG": "WARN"}


def test_only_configured_fields_are_written(digits: Compilation) -> None:
    """Older drivers reject unknown fields."""
    for config in documents(digits)[1].values():
        assert set(config) == {"fieldPathAsEnv", "pvcMount"}


def test_credentials_may_come_as_files() -> None:
    spec, platform = documents(compile_here(EVERYTHING, "kubeflow.metadata.secret_as=files"))
    folder = "/var/run/secrets/image-pipeline/metadata"
    assert {"secretName": "mlmd", "mountPath": folder, "optional": False} in platform[
        "exec-report"
    ]["secretAsVolume"]
    env = {each["name"]: each["value"] for each in container(spec, "exec-report")["env"]}
    assert env["METADATA_USER_FILE"] == f"{folder}/user"
    assert env["METADATA_PASSWORD_FILE"] == f"{folder}/password"
    assert "secretAsEnv" not in platform["exec-report"]


def test_the_trainer_only_waits_when_several_pods_train() -> None:
    training = "kubeflow.training={pods: 4, kind: TrainJob}"
    spec, platform = documents(compile_here(EVERYTHING, training))
    trainer = container(spec, "exec-trainer")
    assert "accelerator" not in trainer["resources"]
    assert trainer["resources"]["resourceCpuLimit"] == "2"
    assert not {"nodeSelector", "tolerations", "emptyDirMounts"} & set(platform["exec-trainer"])
    env = {each["name"]: each["value"] for each in trainer["env"]}
    job = json.loads(env["TRAINING_JOB"])
    assert (job["pods"], job["kind"]) == (4, "TrainJob")
    assert job["container"]["resources"]["limits"]["nvidia.com/gpu"] == "2"


def test_text_that_a_cluster_would_replace() -> None:
    with pytest.raises(UserError, match=r"contains '\{\{', which the cluster would replace"):
        compile_here(EVERYTHING, 'data.path="/mnt/images/{{workflow.name}}"')


def test_a_configuration_that_is_too_long() -> None:
    weights = ", ".join(f"class-{number:04}: 1.5" for number in range(2000))
    with pytest.raises(UserError, match="Linux allows 131,072") as error:
        compile_here(EVERYTHING, f"trainer.class_weights={{{weights}}}")
    assert "class weights to `auto`" in str(error.value)


def test_a_configuration_that_is_too_long_for_the_form() -> None:
    assert note_on_size("x" * 10_000) is None
    assert "start runs with `deploy`" in (note_on_size("x" * 10_001) or "")


def test_tasks_that_are_too_long_together() -> None:
    env = ", ".join(f"VARIABLE_{number:03}: {'x' * 2000}" for number in range(12))
    with pytest.raises(UserError, match="262,144 for all annotations"):
        compile_here(EVERYTHING, f"kubeflow.env={{{env}}}")


def test_problems_are_listed_and_exit_with_2(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("data: {path: a}\ngate: {min_accuracy: 0.9}\npush: {model_name: x}\n")
    compilation = compile_file(config, tmp_path / "p.yaml")
    assert compilation.exit_code == 2
    assert "kubeflow\n" in compilation.output and "PersistentVolumeClaim" in compilation.output
    assert not (tmp_path / "p.yaml").exists()
