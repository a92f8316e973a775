"""Environment variables that have to be set before TensorFlow is imported."""

from collections.abc import MutableMapping


def prepare_tensorflow(environment: MutableMapping[str, str], log_level: str = "1") -> None:
    """Chooses Keras 3 and keeps TensorFlow's log short.

    Importing tensorflow_transform sets `TF_USE_LEGACY_KERAS` to 1 where it is not set.

    Args:
        environment: Of this process, `os.environ`, or of one that is about to be started.
        log_level: `TF_CPP_MIN_LOG_LEVEL` where none is set: 1 leaves out INFO, 2 warnings, too.
    """
    environment["TF_USE_LEGACY_KERAS"] = "0"
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", log_level)
