"""TensorFlow Serving's gRPC contract."""

import pytest
import tensorflow as tf
from client import ClientError
from grpc_serving import build_request, read_response
from tensorflow_serving.apis import predict_pb2  # type: ignore[import-untyped]


def test_the_request_is_the_published_message() -> None:
    request = build_request("colours", [b"\xff\x00", b"a"])
    same = predict_pb2.PredictRequest.FromString(request.SerializeToString())
    assert (same.model_spec.name, same.model_spec.signature_name) == ("colours", "serving_default")
    assert not same.model_spec.HasField("version")  # The newest.
    assert list(same.inputs) == ["image_bytes"]
    tensor = same.inputs["image_bytes"]
    assert tensor.dtype == tf.string.as_datatype_enum
    assert [dimension.size for dimension in tensor.tensor_shape.dim] == [2]
    assert list(tensor.string_val) == [b"\xff\x00", b"a"]


def test_models_from_before_valid_can_be_read() -> None:
    response = predict_pb2.PredictResponse()
    response.outputs["scores"].CopyFrom(tf.make_tensor_proto([[0.25, 0.75]]))
    response.outputs["classes"].CopyFrom(tf.make_tensor_proto([["cats", "dogs"]]))
    assert read_response(response) == [("dogs", 0.75)]


def test_an_answer_of_another_model_is_an_error() -> None:
    response = predict_pb2.PredictResponse()
    response.outputs["sum"].CopyFrom(tf.make_tensor_proto(1.0))
    with pytest.raises(ClientError, match="unexpected response: sum"):
        read_response(response)
