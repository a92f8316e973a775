"""`kubeflow.resources`: what the pod of one task requests."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Doc

from components.settings import Settings
from pipeline.config.kubeflow.kubernetes_types import (
    Bytes,
    Cores,
    LabelKey,
    MountPath,
    ObjectName,
    SecretKey,
    VariableName,
    byte_count,
)

Variables = Annotated[dict[VariableName, str], Doc("{VARIABLE: text, ...}")]
Volumes = Annotated[dict[ObjectName, MountPath], Doc("{CLAIM: /path, ...}")]


class SecretSettings(Settings):
    """A Kubernetes Secret, given to a container as environment variables or as files."""

    name: ObjectName
    """Name of the secret, in the namespace that the pipeline runs in."""
    env: Annotated[dict[VariableName, SecretKey], Doc("{VARIABLE: key, ...}")] = {}
    """Environment variables, each with the key of the secret that has its value."""
    files: MountPath | None = None
    """Folder to mount the secret at, with a file for each key."""

    @model_validator(mode="after")
    def _has_env_or_files(self) -> "SecretSettings":
        if not self.env and self.files is None:
            raise ValueError("set env, files, or both")
        return self


class TolerationSettings(Settings):
    """A Kubernetes toleration: the pod may run on nodes that have this taint."""

    key: LabelKey | None = None
    """Key of the taint, e.g. `nvidia.com/gpu`; empty matches every key, with operator `Exists`."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """`Equal` compares the taint's value, `Exists` matches any."""
    value: str | None = None
    """Value of the taint, for `Equal`."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; empty matches every effect."""
    seconds: Annotated[int, Field(ge=0)] | None = None
    """How long the pod stays on a node that gets the taint later, in seconds; empty is forever."""

    @model_validator(mode="after")
    def _is_coherent(self) -> "TolerationSettings":
        if self.operator == "Exists" and self.value is not None:
            raise ValueError(
                "value: operator Exists takes no value; remove it, or set operator to Equal"
            )
        if self.operator == "Equal" and self.key is None:
            raise ValueError(
                "key: is needed for operator Equal; name the taint, or set operator to Exists"
            )
        if self.seconds is not None and self.effect != "NoExecute":
            raise ValueError("seconds: needs the effect NoExecute")
        return self


class ResourceSettings(Settings):
    """What a task's pod requests, and where it may run."""

    cpu: Cores | None = None
    """CPU cores, as request and limit; empty is the namespace's default."""
    memory: Bytes | None = None
    """Memory, as request and limit; empty is the namespace's default."""
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    """Number of accelerators."""
    accelerator: LabelKey = "nvidia.com/gpu"
    """Resource name of the accelerator (`nvidia.com/mig-1g.5gb`, `amd.com/gpu`)."""
    node_selector: Annotated[dict[LabelKey, str], Doc("{label: value, ...}")] = {}
    """Labels that a node must have, e.g. for one model of GPU."""
    tolerations: tuple[TolerationSettings, ...] = ()
    """Tolerations: taints of nodes that the pod may run on."""
    shared_memory: Bytes | None = None
    """Size of `/dev/shm`, which counts as memory; empty is the container runtime's default (64Mi).
    NCCL, for several GPUs, needs more. Needs KFP 2.3."""
    volumes: Volumes = {}
    """Volumes besides `kubeflow.volumes`."""
    env: Variables = {}
    """Environment variables besides `kubeflow.env`."""
    secrets: tuple[SecretSettings, ...] = ()
    """Secrets besides `kubeflow.secrets`."""

    @model_validator(mode="after")
    def _is_coherent(self) -> "ResourceSettings":
        if self.gpus == 0 and "accelerator" in self.model_fields_set:
            default = type(self).model_fields["accelerator"].default
            if self.accelerator != default:
                raise ValueError("accelerator: gpus is 0; set gpus, or remove the accelerator")
        shared, memory = self.shared_memory, self.memory
        if shared and memory and byte_count(shared) >= byte_count(memory):
            raise ValueError(f"shared_memory: counts as memory, and must be less than {memory}")
        return self
