"""`kubeflow.training`: several pods that train one model."""

from typing import Annotated, Literal

from pydantic import Field

from components.settings import Settings


class TrainingJobSettings(Settings):
    """Training on several pods (MultiWorkerMirroredStrategy), each with the Trainer's resources."""

    pods: Annotated[int, Field(ge=2, le=1024)]
    """Number of pods; each trains on its share of a batch, with all of its GPUs."""
    kind: Literal["TFJob", "TrainJob"] = "TrainJob"
    """Kind of job: a TrainJob (Kubeflow Trainer v2, part of Kubeflow since 1.11) or a TFJob
    (Training Operator v1, which Kubeflow no longer installs by itself)."""
    start_timeout_seconds: Annotated[int, Field(ge=1)] = 3600
    """Longest wait for all pods to run, for GPUs and the image, in seconds."""


def check_distribution(distribution: str, training: TrainingJobSettings | None) -> None:
    """Checks `trainer.distribution` against the number of pods.

    Raises:
        ValueError: It contradicts it.
    """
    if training is not None and distribution in ("one_device", "mirrored"):
        raise ValueError(
            f"training: trains on {training.pods} pods, and trainer.distribution: {distribution} "
            "on one; set trainer.distribution to auto, or leave training out"
        )
    if training is None and distribution == "multi_worker":
        raise ValueError(
            "training: is needed for trainer.distribution: multi_worker; set the number of pods, "
            "such as training: {pods: 2}, or set trainer.distribution to auto"
        )
