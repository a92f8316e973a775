"""What is set before TensorFlow is imported."""

from components.tensorflow_environment import prepare_tensorflow


def test_keras_3_whatever_was_set_and_the_log_level_of_the_user() -> None:
    environment = {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    prepare_tensorflow(environment)
    assert environment == {"TF_USE_LEGACY_KERAS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
    bare: dict[str, str] = {}
    prepare_tensorflow(bare)
    assert bare == {"TF_USE_LEGACY_KERAS": "0", "TF_CPP_MIN_LOG_LEVEL": "1"}
