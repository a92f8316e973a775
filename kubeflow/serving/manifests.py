"""The manifests as the text of one file."""

from typing import Any

import yaml

from pipeline.config.schema import PipelineConfig

from .kserve import inference_service
from .model_location import find_model
from .tensorflow_serving import deployment_and_service


def serving_manifests(config: PipelineConfig, kind: str) -> str:
    """The manifests for `kubectl apply`: YAML, a document for each object.

    Raises:
        UserError: A setting that this kind of server does not support.
    """
    settings = config.kubeflow
    assert settings is not None, "checked for a cluster"
    build = inference_service if kind == "kserve" else deployment_and_service
    manifests = build(config, settings, find_model(config, settings))
    return yaml.dump_all(
        manifests, Dumper=_WithoutAliases, sort_keys=False, explicit_start=True, width=1000
    )


class _WithoutAliases(yaml.SafeDumper):
    """Writes repeated values in full, without YAML anchors and aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
