"""Model servers that keep to the contracts, in this process, with a model as it is pushed.

No model server can run here. These check what they are sent against the published schemas, and
refuse what does not fit; what they answer is checked as well.
"""

import base64
import json
import re
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc  # type: ignore[import-untyped]
import jsonschema  # type: ignore[import-untyped]
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (  # type: ignore[import-untyped]
    predict_pb2,
    prediction_service_pb2_grpc,
)

from tests.fakes.models.pushed_model import exported_model
from tests.fakes.servers import client_schemas

MODEL = "colours"
DATATYPES = {tf.float32: "FP32", tf.string: "BYTES", tf.bool: "BOOL"}
Answer = Callable[[str, dict[str, str], bytes], dict[str, Any]]


class Refused(Exception):
    """What is sent does not fit the contract."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@cache
def signature() -> Any:
    model = tf.saved_model.load(str(exported_model()))
    serve = model.signatures["serving_default"]
    serve.kept = model
    return serve


def infer(name: str, images: list[bytes]) -> dict[str, tf.Tensor]:
    [wanted] = signature().structured_input_signature[1]
    if name != wanted:
        raise Refused(f"input {name} is not {wanted}")
    return dict(signature()(**{name: tf.constant(images, tf.string)}))


def check(value: Any, schema: dict[str, Any]) -> None:
    try:
        jsonschema.validate(value, schema, cls=jsonschema.Draft202012Validator)
    except jsonschema.ValidationError as error:
        raise Refused(f"{error.json_path}: {error.message}") from error


def answer_rest(path: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """TensorFlow Serving's REST contract: the row format."""
    found = re.fullmatch(r"/v1/models/([^/:]+)(/versions/\d+|/labels/[^/:]+)?:predict", path)
    if not found or found[1] != MODEL:
        raise Refused(f"Servable not found for request: Latest({found and found[1]})", 404)
    request = json.loads(body)
    check(request, client_schemas.PREDICT_REQUEST)
    if request.get("signature_name", "serving_default") != "serving_default":
        raise Refused("Serving signature name not found")
    images = [base64.b64decode(one["b64"], validate=True) for one in request["instances"]]
    outputs = {
        name: [_json_value(item) for item in tensor.numpy()]
        for name, tensor in infer("image_bytes", images).items()
    }
    rows = [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]
    answer = {"predictions": rows}
    check(answer, client_schemas.PREDICT_RESPONSE)
    return answer


def answer_kserve(path: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """The Open Inference Protocol, with the Binary Tensor Data Extension."""
    found = re.fullmatch(r"/v2/models/([^/]+)(/versions/[^/]+)?/infer", path)
    if not found or found[1] != MODEL:
        raise Refused("Model not found", 404)
    length = int(headers.get("Inference-Header-Content-Length", len(body)))
    request, binary = json.loads(body[:length]), body[length:]
    check(request, client_schemas.INFERENCE_REQUEST)
    [tensor] = request["inputs"]
    size = tensor.get("parameters", {}).get("binary_data_size")
    if tensor["datatype"] != "BYTES" or size is None or size != len(binary):
        raise Refused(f"{len(binary)} bytes after the JSON, and binary_data_size is {size}")
    images = []
    while binary:
        (count,) = struct.unpack_from("<I", binary)
        images.append(binary[4 : 4 + count])
        if len(images[-1]) != count:
            raise Refused("an element is cut short")
        binary = binary[4 + count :]
    if tensor["shape"] != [len(images)]:
        raise Refused(f"shape {tensor['shape']} of {len(images)} elements")
    answer = {
        "model_name": MODEL,
        "model_version": "7",
        "outputs": [
            {
                "name": name,
                "shape": output.shape.as_list(),
                "datatype": DATATYPES[output.dtype],
                # Flat, as most servers write it.
                "data": [_json_value(value) for value in output.numpy().ravel()],
            }
            for name, output in infer(tensor["name"], images).items()
        ],
    }
    check(answer, client_schemas.INFERENCE_RESPONSE)
    return answer


def _json_value(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_json_value(item) for item in value]
    return value.decode("utf-8") if isinstance(value, bytes) else value.item()


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """TensorFlow Serving's gRPC contract."""

    def Predict(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.model_spec.name != MODEL:
            name = request.model_spec.name
            context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found: Latest({name})")
        if request.model_spec.signature_name not in ("", "serving_default"):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Serving signature not found")
        [(name, tensor)] = request.inputs.items()
        if tensor.dtype != tf.string.as_datatype_enum or len(tensor.tensor_shape.dim) != 1:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the input is not [batch] string")
        try:
            outputs = infer(name, tf.make_ndarray(tensor).tolist())
        except Refused as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        response = predict_pb2.PredictResponse()
        response.model_spec.CopyFrom(request.model_spec)
        response.model_spec.version.value = 7
        for name, output in outputs.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(output))
        return response


def serve_http(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                status, reply = 200, answer(self.path, dict(self.headers), body)
            except Refused as error:
                status, reply = error.status, {"error": str(error)}
                check(reply, client_schemas.ERROR)
            except ValueError as error:
                status, reply = 400, {"error": f"{type(error).__name__}: {error}"}
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(reply).encode())

        def log_message(self, *_: object) -> None:
            """Keeps the tests' output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def serve_grpc() -> Iterator[str]:
    # TensorFlow Serving lets messages be as large as they like.
    server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.max_receive_message_length", -1)])
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionService(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)
