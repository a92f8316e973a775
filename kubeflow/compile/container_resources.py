"""CPU, memory and accelerators of a task, as every version of KFP reads them."""

from dataclasses import dataclass
from typing import Any

from pipeline.config.kubeflow.resources import ResourceSettings


@dataclass(frozen=True)
class ContainerResources:
    """What a container asks for, in Kubernetes' quantities; empty is nothing.

    Attributes:
        cpu: Cores, at least and at most.
        memory: Memory, at least and at most.
        gpus: Number of accelerators.
        accelerator: Their type, a resource of the nodes.
    """

    cpu: tuple[str, str] | None = None
    memory: tuple[str, str] | None = None
    gpus: int = 0
    accelerator: str = ""


def container_resources(settings: ResourceSettings) -> ContainerResources:
    """What a task asks for: as much as it may have, so that what a node promises is there."""
    return ContainerResources(
        cpu=(settings.cpu, settings.cpu) if settings.cpu else None,
        memory=(settings.memory, settings.memory) if settings.memory else None,
        gpus=settings.gpus,
        accelerator=settings.accelerator,
    )


def set_resources(task: Any, resources: ContainerResources) -> None:
    """Asks for resources in the SDK's spelling, which is that of KFP 2.0 to 2.3."""
    if resources.cpu:
        task.set_cpu_request(resources.cpu[0]).set_cpu_limit(resources.cpu[1])
    if resources.memory:
        task.set_memory_request(resources.memory[0]).set_memory_limit(resources.memory[1])
    if resources.gpus:
        task.set_accelerator_type(resources.accelerator).set_accelerator_limit(resources.gpus)


def add_newer_spelling(container: dict[str, Any], resources: ContainerResources) -> None:
    """Says the same as KFP 2.4 and newer spell it.

    Since 2.4 the driver prefers texts (`resourceCpuLimit`, `accelerator.resourceType`) to the
    numbers of before; older ones skip what they do not know (backend/src/v2/driver and, in
    backend/src/v2/compiler/visitor.go, GetDeploymentConfig, both in kubeflow/pipelines).

    Args:
        container: A container of the compiled deployment; changed in place.
        resources: What `set_resources` asked for.
    """
    for name, amounts in (("Cpu", resources.cpu), ("Memory", resources.memory)):
        if amounts:
            spelled = {f"resource{name}Request": amounts[0], f"resource{name}Limit": amounts[1]}
            container["resources"].update(spelled)
    if resources.gpus:
        spelled = {
            "resourceType": resources.accelerator,
            "resourceCount": str(resources.gpus),
        }
        container["resources"]["accelerator"].update(spelled)
