"""Parses compiled pipelines with the newest KFP: its protos, strictly, and its SDK.

Runs in an environment of its own (test_compile_newest_kfp.py): python read_compiled.py FILE...
Fails at the first field that the newest protos do not have, and prints the parsed files as JSON.
"""

import json
import sys
from typing import Any

import yaml
from google.protobuf import json_format
from kfp import components
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2


def read(path: str) -> dict[str, Any]:
    """A file as parsed by the protos."""
    with open(path) as file:
        text = file.read()
    spec_document, platform_document = yaml.safe_load_all(text)
    spec = json_format.ParseDict(spec_document, pipeline_spec_pb2.PipelineSpec())
    deployment = json_format.ParseDict(
        json_format.MessageToDict(spec.deployment_spec),
        pipeline_spec_pb2.PipelineDeploymentConfig(),
    )
    platform = json_format.ParseDict(platform_document, pipeline_spec_pb2.PlatformSpec())
    executors = platform.platforms["kubernetes"].deployment_spec.executors
    kubernetes = {
        label: json_format.ParseDict(
            json_format.MessageToDict(config),
            kubernetes_executor_config_pb2.KubernetesExecutorConfig(),
        )
        for label, config in executors.items()
    }
    return {
        "sdk": components.load_component_from_text(text).component_spec.name,
        "containers": {
            label: json_format.MessageToDict(executor.container)
            for label, executor in deployment.executors.items()
        },
        "kubernetes": {
            label: json_format.MessageToDict(config) for label, config in kubernetes.items()
        },
    }


if __name__ == "__main__":
    print(json.dumps([read(path) for path in sys.argv[1:]]))
