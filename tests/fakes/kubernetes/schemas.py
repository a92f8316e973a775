"""The published schemas of the resources that a training job consists of.

Kubernetes' own types are checked against the models of its Python client. The others are copied
here from the custom resource definitions (structural schemas: a server drops or rejects unknown
fields):

- TFJob: manifests/base/crds/kubeflow.org_tfjobs.yaml of kubeflow/training-operator, commit 07a4a89;
  names of replicas, container and labels: pkg/apis/kubeflow.org/v1 there.
- TrainJob and TrainingRuntime: pkg/apis/trainer/v1alpha1 of kubeflow/trainer, commits bd3256c and
  ec2c640; of the JobSet inside, only what is used here (jobset.x-k8s.io/v1alpha2).
"""

from typing import Any

import jsonschema  # type: ignore[import-untyped]

from tests.fakes.kubernetes.kubernetes_models import check_model

# RFC 1035, and short enough for the names of pods and services that are derived from it.
_NAME = {"type": "string", "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$", "maxLength": 40}
_METADATA = {"type": "object", "required": ["name"], "properties": {"name": _NAME}}
_COUNT = {"type": "integer", "minimum": 0}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def _resource(api: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return _object(
        ["apiVersion", "kind", "metadata", "spec"],
        apiVersion={"const": api},
        kind={"const": kind},
        metadata=_METADATA,
        spec=spec,
    )


_REPLICAS = _object(
    ["template"],
    replicas=_COUNT,
    restartPolicy={"enum": ["Always", "OnFailure", "Never", "ExitCode"]},
    template={"type": "object"},
)
_TFJOB = _object(
    ["tfReplicaSpecs"],
    enableDynamicWorker={"type": "boolean"},
    successPolicy={"enum": ["", "AllWorkers"]},
    runPolicy=_object(
        [],
        activeDeadlineSeconds=_COUNT,
        backoffLimit=_COUNT,
        cleanPodPolicy={"enum": ["All", "Running", "None"]},
        schedulingPolicy={"type": "object"},
        suspend={"type": "boolean"},
        ttlSecondsAfterFinished=_COUNT,
    ),
    tfReplicaSpecs={
        "type": "object",
        "propertyNames": {"enum": ["Chief", "Evaluator", "Master", "PS", "Worker"]},
        "additionalProperties": _REPLICAS,
    },
)
_JOBSET = _object(
    ["replicatedJobs"],
    failurePolicy=_object([], maxRestarts=_COUNT),
    network=_object(
        [],
        enableDNSHostnames={"type": "boolean"},
        publishNotReadyAddresses={"type": "boolean"},
        subdomain={"type": "string"},
    ),
    ttlSecondsAfterFinished=_COUNT,
    replicatedJobs={
        "type": "array",
        "items": _object(
            ["name", "template"],
            name={"type": "string"},
            # Trainer accepts one job with several pods, not several jobs (its issue 2318).
            replicas={"const": 1},
            template={"type": "object"},
        ),
    },
)
_RUNTIME = _object(
    [],
    mlPolicy=_object([], numNodes=_COUNT),
    template=_object([], metadata={"type": "object"}, spec=_JOBSET),
)
_TRAINJOB = _object(
    ["runtimeRef"],
    runtimeRef=_object(
        ["name"],
        name=_NAME,
        apiGroup={"const": "trainer.kubeflow.org"},
        kind={"enum": ["TrainingRuntime", "ClusterTrainingRuntime"]},
    ),
    trainer=_object([], numNodes=_COUNT),
)
_SCHEMAS = {
    "tfjobs": _resource("kubeflow.org/v1", "TFJob", _TFJOB),
    "trainjobs": _resource("trainer.kubeflow.org/v1alpha1", "TrainJob", _TRAINJOB),
    "trainingruntimes": _resource("trainer.kubeflow.org/v1alpha1", "TrainingRuntime", _RUNTIME),
}


def problem_with(plural: str, manifest: dict[str, Any]) -> str | None:
    """Why a server rejects a manifest; None if it accepts it."""
    try:
        jsonschema.validate(manifest, _SCHEMAS[plural])
        check_model(manifest["metadata"], "V1ObjectMeta", "metadata")
        for template in pod_templates(plural, manifest):
            check_model(template, "V1PodTemplateSpec", "template")
        if plural == "trainingruntimes":
            [job] = manifest["spec"]["template"]["spec"]["replicatedJobs"]
            check_model(job["template"], "V1JobTemplateSpec", "replicatedJobs")
            ancestor = job["template"]["metadata"]["labels"]
            assert ancestor == {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}
    except (jsonschema.ValidationError, ValueError, AssertionError) as error:
        return str(error)
    return None


def pod_templates(plural: str, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The pod templates in a manifest."""
    if plural == "tfjobs":
        return [one["template"] for one in manifest["spec"]["tfReplicaSpecs"].values()]
    if plural == "trainingruntimes":
        jobs = manifest["spec"]["template"]["spec"]["replicatedJobs"]
        return [job["template"]["spec"]["template"] for job in jobs]
    return []
