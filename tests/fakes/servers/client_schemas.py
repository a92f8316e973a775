"""The published formats of the model servers, as JSON schemas without additional properties.

TensorFlow Serving publishes no schema, but describes its JSON:
https://www.tensorflow.org/tfx/serving/api_rest. Below is the row format of a signature with one
input of bytes and several outputs.

The Open Inference Protocol publishes an OpenAPI document:
https://github.com/kserve/open-inference-protocol, specification/protocol/open_inference_rest.yaml.
Below are its `inference_request`, `inference_response` and `inference_error_response`.
KServe's Binary Tensor Data Extension (https://kserve.github.io/website, page of that name)
replaces an input's `data` by `parameters.binary_data_size`.
"""

from typing import Any


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


TEXT = {"type": "string"}
ERROR = _object({"error": TEXT})

PREDICT_REQUEST = _object(
    {
        "instances": {
            "type": "array",
            "items": _object({"b64": {"type": "string", "contentEncoding": "base64"}}),
        }
    },
    {"signature_name": TEXT},
)
PREDICT_RESPONSE = _object(
    {"predictions": {"type": "array", "items": {"type": "object", "minProperties": 2}}}
)

_PARAMETERS = {"type": "object"}
_SHAPE = {"type": "array", "items": {"type": "integer", "minimum": 0}}
_TENSOR_DATA = {
    "type": "array",
    "items": {
        "anyOf": [{"$ref": "#/$defs/tensor_data"}, {"type": ["number", "string", "boolean"]}]
    },
}
# The protocol's "Tensor Data Types".
_DATATYPE = {
    "enum": ["BOOL", "BYTES"]
    + [f"{kind}{bits}" for kind in ("UINT", "INT") for bits in (8, 16, 32, 64)]
    + ["FP16", "FP32", "FP64"]
}
_TENSOR = {"name": TEXT, "shape": _SHAPE, "datatype": _DATATYPE}
_BINARY_SIZE = {
    "type": "object",
    "properties": {"binary_data_size": {"type": "integer", "minimum": 0}},
    "required": ["binary_data_size"],
}

INFERENCE_REQUEST = {
    "$defs": {"tensor_data": _TENSOR_DATA},
    **_object(
        {
            "inputs": {
                "type": "array",
                "items": {
                    "oneOf": [
                        _object(
                            {**_TENSOR, "data": {"$ref": "#/$defs/tensor_data"}},
                            {"parameters": _PARAMETERS},
                        ),
                        _object({**_TENSOR, "parameters": _BINARY_SIZE}),
                    ]
                },
            }
        },
        {
            "id": TEXT,
            "parameters": _PARAMETERS,
            "outputs": {
                "type": "array",
                "items": _object({"name": TEXT}, {"parameters": _PARAMETERS}),
            },
        },
    ),
}
INFERENCE_RESPONSE = {
    "$defs": {"tensor_data": _TENSOR_DATA},
    **_object(
        {
            "model_name": TEXT,
            "outputs": {
                "type": "array",
                "items": _object(
                    {**_TENSOR, "data": {"$ref": "#/$defs/tensor_data"}},
                    {"parameters": _PARAMETERS},
                ),
            },
        },
        {"model_version": TEXT, "id": TEXT, "parameters": _PARAMETERS},
    ),
}
