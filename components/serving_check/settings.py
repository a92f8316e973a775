"""The `serving_check` section: the checks that a model must pass before it goes into service."""

from typing import Annotated

from pydantic import Field, model_validator

from components.settings import Settings


class InfraValidatorSettings(Settings):
    """TFX's InfraValidator: loads the model in TensorFlow Serving, inside Kubeflow Pipelines."""

    image: str = "tensorflow/serving"
    """Container image of TensorFlow Serving."""
    tags: Annotated[tuple[str, ...], Field(min_length=1)] = ("2.16.1",)
    """Tags of the image; the model must be served by each (2.16: TensorFlow's version here)."""
    service_account: str | None = None
    """Kubernetes service account of the server's pod; empty is that of the pipeline."""
    images: Annotated[int, Field(ge=1, le=1000)] = 8
    """Number of test images that are sent to the server."""
    max_loading_seconds: Annotated[int, Field(ge=1)] = 300
    """Longest time until the server has loaded the model, in seconds (300: TFX's default)."""
    tries: Annotated[int, Field(ge=1)] = 5
    """Attempts before the model is refused (5: TFX's default)."""


class ServingCheckSettings(Settings):
    """Calls the exported model with real images, on the CPU, in a process with only TensorFlow."""

    enabled: bool = True
    """Whether a model is checked before it goes into service."""
    max_difference: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    """Largest accepted difference between a score and the Trainer's (0 to 1)."""
    calls: Annotated[int, Field(ge=20, le=100_000)] = 500
    """Number of calls with one image each, over which memory and latency are measured."""
    max_seconds: Annotated[float, Field(gt=0)] = 120.0
    """Longest time for these calls, in seconds; a slow model gets fewer (20 at least)."""
    max_memory_growth_bytes: Annotated[int, Field(ge=0)] = 16 * 1024**2
    """Largest accepted growth of memory over these calls, in bytes."""
    max_latency_ms: Annotated[float, Field(gt=0)] | None = None
    """Largest accepted latency (p99) of one image here, in milliseconds; empty accepts any."""
    infra_validator: InfraValidatorSettings | None = None
    """Also load the model in TensorFlow Serving; only on Kubernetes. Empty does not."""

    @model_validator(mode="after")
    def _needs_the_check(self) -> "ServingCheckSettings":
        if self.infra_validator is not None and not self.enabled:
            raise ValueError(
                "infra_validator: it is part of the serving check, and serving_check.enabled is "
                "false; enable the check, or leave infra_validator empty"
            )
        return self
