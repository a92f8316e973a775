"""The two kinds of training jobs: their manifests, labels of their pods, and conditions.

TFJob is a resource of the Kubeflow Training Operator v1 (kubeflow.org/v1), which a default Kubeflow
installs up to 1.10; the operator sets TF_CONFIG in each pod. TrainJob is a resource of Kubeflow
Trainer v2 (trainer.kubeflow.org/v1alpha1), part of Kubeflow from 1.11 on. It does not support
TensorFlow: its plain runtime gives the pods predictable host names, which the command passes to
each of them.

Sources: manifests/base/crds/kubeflow.org_tfjobs.yaml and pkg/apis/kubeflow.org/v1 of
kubeflow/training-operator 1.9; pkg/apis/trainer/v1alpha1 and pkg/runtime/framework/plugins of
kubeflow/trainer 2.1; Training Operator's removal: kubeflow/community-distribution pull 3540.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.cluster.training_job.spec import TrainingJobSpec

Manifest = dict[str, Any]

PORT = 2222
"""TensorFlow's port in each pod: the TFJob operator's default."""
# Removes the job of a Trainer that was killed; long enough to look at its pods.
_TTL_SECONDS = 3600
# An Istio proxy would intercept the traffic between the pods, and keep them running after the
# training. A label in new Istio releases, an annotation in old ones.
_NO_SIDECAR = {"sidecar.istio.io/inject": "false"}


@dataclass(frozen=True)
class JobRequest:
    """One job to submit; pods are named after it: a DNS label of at most 40 characters."""

    name: str
    command: Sequence[str]
    spec: TrainingJobSpec
    metadata: dict[str, Any]


@dataclass(frozen=True)
class JobKind:
    """A row of `KINDS`.

    Attributes:
        group: API group.
        version: Its version.
        plural: Name of the resource in URLs and roles.
        container: Name of the pods' container.
        build: Returns (plural, manifest) of each resource to create; the job is the last one.
        selector: Label selector of the pods, with `{name}` for the job's.
        index_label: Label with a pod's number; the chief is number 0.
        done: Type of the condition of a job that succeeded; the other one is `Failed`.
        install: What to do in a cluster without this kind of job.
    """

    group: str
    version: str
    plural: str
    container: str
    build: Callable[[JobRequest], list[tuple[str, Manifest]]]
    selector: str
    index_label: str
    done: str
    install: str


def _build_tfjob(request: JobRequest) -> list[tuple[str, Manifest]]:
    workers = {
        "replicas": request.spec.pods,
        # All pods of a training fail together, and the task's retry starts all of them again.
        "restartPolicy": "Never",
        "template": _pod_template(request, container="tensorflow", command=request.command),
    }
    job = {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": request.name, **request.metadata},
        "spec": {
            "runPolicy": {
                # Pods that have ended are kept with the job: their status has the error.
                "cleanPodPolicy": "Running",
                "backoffLimit": 0,
                "ttlSecondsAfterFinished": _TTL_SECONDS,
            },
            "tfReplicaSpecs": {"Worker": workers},
        },
    }
    return [("tfjobs", job)]


def _build_trainjob(request: JobRequest) -> list[tuple[str, Manifest]]:
    # A runtime of its own: the fields for overriding an existing one change with each release.
    name, pods = request.name, request.spec.pods
    hosts = ",".join(f"{name}-node-0-{index}.{name}:{PORT}" for index in range(pods))
    command = [*request.command, "--workers", hosts]
    node = {
        "name": "node",
        "template": {
            "metadata": {"labels": {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}},
            "spec": {
                "completionMode": "Indexed",
                "backoffLimit": 0,
                "template": _pod_template(request, container="node", command=command),
            },
        },
    }
    api, metadata = "trainer.kubeflow.org/v1alpha1", {"name": name, **request.metadata}
    template = {
        "ttlSecondsAfterFinished": _TTL_SECONDS,
        "failurePolicy": {"maxRestarts": 0},
        "network": {"enableDNSHostnames": True, "publishNotReadyAddresses": True},
        "replicatedJobs": [node],
    }
    runtime = {
        "apiVersion": api,
        "kind": "TrainingRuntime",
        "metadata": metadata,
        "spec": {"mlPolicy": {"numNodes": pods}, "template": {"spec": template}},
    }
    reference = {"apiGroup": "trainer.kubeflow.org", "kind": "TrainingRuntime", "name": name}
    job = {
        "apiVersion": api,
        "kind": "TrainJob",
        "metadata": metadata,
        "spec": {"runtimeRef": reference, "trainer": {"numNodes": pods}},
    }
    return [("trainingruntimes", runtime), ("trainjobs", job)]


def _pod_template(request: JobRequest, container: str, command: Sequence[str]) -> Manifest:
    main = {
        **request.spec.container,
        "name": container,
        "image": request.spec.image,
        "command": list(command),
        "ports": [{"name": "tfjob-port", "containerPort": PORT}],
        # If a pod is killed before it writes its error, the end of its log is reported.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    return {
        "metadata": {"labels": _NO_SIDECAR, "annotations": _NO_SIDECAR},
        "spec": {**request.spec.pod, "restartPolicy": "Never", "containers": [main]},
    }


KINDS = {
    "TFJob": JobKind(
        group="kubeflow.org",
        version="v1",
        plural="tfjobs",
        # The operator sets TF_CONFIG in the container of this name.
        container="tensorflow",
        build=_build_tfjob,
        selector="training.kubeflow.org/job-name={name}",
        index_label="training.kubeflow.org/replica-index",
        done="Succeeded",
        install="Install the Kubeflow Training Operator 1.9, or set kubeflow.training.kind to "
        "TrainJob where the cluster has Kubeflow Trainer 2.",
    ),
    "TrainJob": JobKind(
        group="trainer.kubeflow.org",
        version="v1alpha1",
        plural="trainjobs",
        container="node",
        build=_build_trainjob,
        selector="jobset.sigs.k8s.io/jobset-name={name}",
        index_label="batch.kubernetes.io/job-completion-index",
        done="Complete",
        install="Install Kubeflow Trainer 2, or set kubeflow.training.kind to TFJob where the "
        "cluster has the Kubeflow Training Operator.",
    ),
}
"""All kinds, by `kubeflow.training.kind`."""
