"""What the pod of one task gets: `kubeflow.resources`."""

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
    """A secret of the cluster, given to a container as variables or as files."""

    name: ObjectName
    """Name of the secret, in the namespace that runs go to."""
    env: Annotated[dict[VariableName, SecretKey], Doc("{VARIABLE: key, ...}")] = {}
    """Environment variables, each with the key of the secret that it takes."""
    files: MountPath | None = None
    """Folder in which every key becomes a file."""

    @model_validator(mode="after")
    def _is_given_somehow(self) -> "SecretSettings":
        if not self.env and self.files is None:
            raise ValueError("give env, files, or both")
        return self


class TolerationSettings(Settings):
    """A taint of nodes that a pod may run on in spite of it."""

    key: LabelKey | None = None
    """Key of the taint, e.g. `nvidia.com/gpu`; empty is every one, with operator `Exists`."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """`Equal` compares the taint's value, `Exists` takes any."""
    value: str | None = None
    """Value of the taint, for `Equal`."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; empty is every one."""
    seconds: Annotated[int, Field(ge=0)] | None = None
    """How long the pod stays when the taint comes later, in seconds; empty: for good."""

    @model_validator(mode="after")
    def _is_coherent(self) -> "TolerationSettings":
        if self.operator == "Exists" and self.value is not None:
            raise ValueError("value: operator Exists compares none; remove it, or write Equal")
        if self.operator == "Equal" and self.key is None:
            raise ValueError("key: is needed for operator Equal; name the taint, or write Exists")
        if self.seconds is not None and self.effect != "NoExecute":
            raise ValueError("seconds: only the effect NoExecute has them")
        return self


class ResourceSettings(Settings):
    """What a task's pod asks for, and where it may run."""

    cpu: Cores | None = None
    """CPU cores, requested and at most; empty leaves it to the namespace."""
    memory: Bytes | None = None
    """Memory, requested and at most; empty leaves it to the namespace."""
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    """Number of accelerators."""
    accelerator: LabelKey = "nvidia.com/gpu"
    """Type of accelerator, as nodes offer it (`nvidia.com/mig-1g.5gb`, `amd.com/gpu`)."""
    node_selector: Annotated[dict[LabelKey, str], Doc("{label: value, ...}")] = {}
    """Labels that a node must have, e.g. for one model of GPU."""
    tolerations: tuple[TolerationSettings, ...] = ()
    """Taints of nodes to put up with."""
    shared_memory: Bytes | None = None
    """Size of `/dev/shm`, part of the memory; empty is the container runtime's (64Mi).
    NCCL, which joins several GPUs, needs more. From KFP 2.3 on."""
    volumes: Volumes = {}
    """More volumes than `kubeflow.volumes`."""
    env: Variables = {}
    """More environment variables than `kubeflow.env`."""
    secrets: tuple[SecretSettings, ...] = ()
    """More secrets than `kubeflow.secrets`."""

    @model_validator(mode="after")
    def _is_coherent(self) -> "ResourceSettings":
        if self.gpus == 0 and "accelerator" in self.model_fields_set:
            default = type(self).model_fields["accelerator"].default
            if self.accelerator != default:
                raise ValueError("accelerator: gpus is 0; say how many, or remove the type")
        shared, memory = self.shared_memory, self.memory
        if shared and memory and byte_count(shared) >= byte_count(memory):
            raise ValueError(f"shared_memory: counts as memory, which is {memory}; give less of it")
        return self
