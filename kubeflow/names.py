"""What the pipeline and its experiment are called in KFP."""

import re

from pipeline.config.schema import PipelineConfig


def pipeline_name(config: PipelineConfig) -> str:
    """Name of the pipeline, as people see it."""
    given = config.kubeflow.pipeline if config.kubeflow else None
    return given or config.push.model_name


def experiment_name(config: PipelineConfig) -> str:
    """Name of the experiment that runs belong to."""
    given = config.kubeflow.experiment if config.kubeflow else None
    return given or pipeline_name(config)


def spec_name(config: PipelineConfig) -> str:
    """Name in the compiled file, which holds lower-case letters, digits and dashes only."""
    return re.sub(r"[^a-z0-9]+", "-", pipeline_name(config).lower()).strip("-") or "pipeline"
