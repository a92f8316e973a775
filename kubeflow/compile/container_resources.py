"""CPU, memory and accelerators of a task, in the fields of every version of KFP."""

from dataclasses import dataclass
from typing import Any

from pipeline.config.kubeflow.resources import ResourceSettings


@dataclass(frozen=True)
class ContainerResources:
    """Requests and limits of a container, as Kubernetes quantities, and its accelerators."""

    cpu: tuple[str, str] | None = None
    memory: tuple[str, str] | None = None
    gpus: int = 0
    accelerator: str = ""


def container_resources(settings: ResourceSettings) -> ContainerResources:
    """The resources of a task; requests equal limits, so that nodes are not overcommitted."""
    return ContainerResources(
        cpu=(settings.cpu, settings.cpu) if settings.cpu else None,
        memory=(settings.memory, settings.memory) if settings.memory else None,
        gpus=settings.gpus,
        accelerator=settings.accelerator,
    )


def set_resources(task: Any, resources: ContainerResources) -> None:
    """Sets resources with the SDK, in the fields of KFP 2.0 to 2.3."""
    if resources.cpu:
        task.set_cpu_request(resources.cpu[0]).set_cpu_limit(resources.cpu[1])
    if resources.memory:
        task.set_memory_request(resources.memory[0]).set_memory_limit(resources.memory[1])
    if resources.gpus:
        task.set_accelerator_type(resources.accelerator).set_accelerator_limit(resources.gpus)


def add_newer_fields(container: dict[str, Any], resources: ContainerResources) -> None:
    """Sets the same resources in the fields of KFP 2.4 and newer.

    Since 2.4 the driver prefers strings (`resourceCpuLimit`, `accelerator.resourceType`) to the
    earlier numbers; older drivers ignore unknown fields (backend/src/v2/driver and, in
    backend/src/v2/compiler/visitor.go, GetDeploymentConfig, both in kubeflow/pipelines).

    The container is one of the compiled deployment; it is changed in place.
    """
    for name, amounts in (("Cpu", resources.cpu), ("Memory", resources.memory)):
        if amounts:
            fields = {f"resource{name}Request": amounts[0], f"resource{name}Limit": amounts[1]}
            container["resources"].update(fields)
    if resources.gpus:
        fields = {
            "resourceType": resources.accelerator,
            "resourceCount": str(resources.gpus),
        }
        container["resources"]["accelerator"].update(fields)
