"""Predicts with a model over TensorFlow Serving's gRPC contract.

    python examples/clients/grpc_serving.py localhost:8500 digits a.png b.png

The contract: `PredictionService.Predict` of tensorflow_serving/apis/prediction_service.proto.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from client import (
    INPUT,
    SIGNATURE,
    TIMEOUT_SECONDS,
    ClientError,
    Scored,
    pick_likeliest,
    run_client,
)

if TYPE_CHECKING:
    from tensorflow_serving.apis.predict_pb2 import (  # type: ignore[import-untyped]
        PredictRequest,
        PredictResponse,
    )


def build_request(model: str, images: Sequence[bytes]) -> "PredictRequest":
    """The request.

    Args:
        model: The model's name; its newest version predicts.
        images: Files as they are: JPEG, PNG, GIF or BMP.
    """
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2  # type: ignore[import-untyped]

    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = SIGNATURE
    tensor = tf.make_tensor_proto(list(images), tf.string, [len(images)])
    request.inputs[INPUT].CopyFrom(tensor)
    return request


def read_response(response: "PredictResponse") -> list[Scored | None]:
    """The likeliest class of each image; None for one that the model cannot decode.

    Raises:
        ClientError: The response is of another kind of model.
    """
    import tensorflow as tf

    outputs = {name: tf.make_ndarray(tensor) for name, tensor in response.outputs.items()}
    if not {"scores", "classes"} <= outputs.keys():
        raise ClientError(f"unexpected response: {', '.join(sorted(outputs))}")
    scores = [[float(str(score)) for score in row] for row in outputs["scores"]]
    classes = [[name.decode() for name in row] for row in outputs["classes"]]
    valid = outputs["valid"].tolist() if "valid" in outputs else None
    return pick_likeliest(scores, classes, valid)


def predict(address: str, model: str, images: Sequence[bytes]) -> list[Scored | None]:
    """Predicts with the newest version of a model.

    Args:
        address: As `localhost:8500`.
        model: Its name.
        images: Files as they are.

    Raises:
        ClientError: The server cannot be reached, refuses, or its response is unexpected.
    """
    import grpc  # type: ignore[import-untyped]
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    request = build_request(model, images)
    # gRPC's own limit, 4 MB, is less than the scores of a large batch with many classes.
    options = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(address, options) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        try:
            return read_response(stub.Predict(request, timeout=TIMEOUT_SECONDS))
        except grpc.RpcError as error:
            code, details = error.code().name, error.details()
            raise ClientError(f"{address} refuses the request ({code}): {details}") from error


if __name__ == "__main__":
    run_client(predict, "localhost:8500")
