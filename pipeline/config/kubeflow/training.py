"""The `training` section of `kubeflow`: several pods that train one model."""

from typing import Annotated, Literal

from pydantic import Field

from components.settings import Settings


class TrainingJobSettings(Settings):
    """Training on several pods (MultiWorkerMirroredStrategy), each with the Trainer's resources."""

    pods: Annotated[int, Field(ge=2, le=1024)]
    """Number of pods; each takes its share of a batch, with all of its GPUs."""
    kind: Literal["TFJob", "TrainJob"] = "TFJob"
    """What is submitted: a TFJob (Training Operator v1) or a TrainJob (Kubeflow Trainer v2)."""
    start_timeout_seconds: Annotated[int, Field(ge=1)] = 3600
    """Longest time, in seconds, until all pods run: for free GPUs and the image's download."""


def check_distribution(distribution: str, training: TrainingJobSettings | None) -> None:
    """Refuses a `trainer.distribution` that contradicts the number of pods.

    Raises:
        ValueError: If it does.
    """
    if training is not None and distribution in ("one_device", "mirrored"):
        raise ValueError(
            f"training: trains on {training.pods} pods, and trainer.distribution: {distribution} "
            "on one; set trainer.distribution to auto, or leave training out"
        )
    if training is None and distribution == "multi_worker":
        raise ValueError(
            "training: is needed for trainer.distribution: multi_worker; say how many pods, as in "
            "training: {pods: 2}, or set trainer.distribution to auto"
        )
