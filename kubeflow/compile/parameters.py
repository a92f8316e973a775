"""The pipeline's parameters: settings that can change for a run without a new compilation."""

from dataclasses import dataclass

from pipeline.config.schema import PipelineConfig

CONFIG = "config"
"""Parameter with the configuration as JSON."""


@dataclass(frozen=True)
class RunParameter:
    """A setting that a run may change, by its name in KFP; an empty value leaves it as it is."""

    name: str
    path: str
    description: str


def run_parameters(config: PipelineConfig) -> list[RunParameter]:
    """The settings that may change from run to run: images, epochs, gate."""
    parameters = [
        RunParameter("data_path", "data.path", "Folder of the images"),
        RunParameter("span", "data.span", "Number or date that {SPAN} in the path stands for"),
        RunParameter("min_accuracy", "gate.min_accuracy", "Lowest test accuracy that is blessed"),
    ]
    for index, stage in enumerate(config.trainer.stages):
        parameters.append(
            RunParameter(
                f"epochs_{stage.name.replace('-', '_')}",
                f"trainer.stages[{index}].epochs",
                f"Maximum number of epochs of stage {stage.name}",
            )
        )
    return parameters


def config_json(config: PipelineConfig) -> str:
    """The configuration for the tasks, without defaults and without the `kubeflow` section."""
    return config.model_dump_json(by_alias=True, exclude_defaults=True, exclude={"kubeflow"})
