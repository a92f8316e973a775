"""Reads what the systems read: the first of them would pay for a cold disk, or for a download.

    python -m benchmarks.compare.warm_up WEIGHTS IMAGE_SIZE

runs before the first round.
"""

import os
from importlib import import_module

import click

from components.tensorflow_environment import prepare_tensorflow

_LIBRARIES = (
    *("tensorflow", "tensorflow_transform", "tensorflow_model_analysis"),
    *("tfx.components", "tfx.orchestration.local.local_dag_runner"),
)


@click.command()
@click.argument("weights")
@click.argument("image_size", type=int)
def main(weights: str, image_size: int) -> None:
    """Imports the libraries and loads WEIGHTS of MobileNetV2; Keras downloads `imagenet`."""
    prepare_tensorflow(os.environ, log_level="2")
    for name in _LIBRARIES:
        import_module(name)
    import keras

    keras.applications.MobileNetV2(
        input_shape=(image_size, image_size, 3),
        include_top=False,
        weights=None if weights == "none" else weights,
    )


if __name__ == "__main__":
    main()
