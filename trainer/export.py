"""The SavedModel: images as bytes in, scores and class names out."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import tensorflow as tf

from components.artifacts import LABELS_FILE
from components.feature_keys import IMAGE, IMAGE_XF
from components.signatures import SERVING_DEFAULT, SERVING_EXAMPLES
from trainer.data.input import without_autograph
from trainer.data.safe_decode import decode_each
from trainer.network.network import Network

_WEIGHTS = "Weights/weights"
"""Beside the SavedModel, which keeps only what inference needs: a checkpoint of `weights`."""


class Classifier(tf.Module):
    """The saved module: the Transform graph, the network and the class names, in one graph.

    Args:
        logits_fn: `[batch, height, width, 3] float32` scaled images to logits
            `[batch, classes] float32`, in inference mode.
        variables: Every variable that `logits_fn` reads.
        transform_layer: The Transform graph.
        labels: Class names in the order of the logits.
        labels_file: The same, one per line; becomes an asset of the SavedModel.
    """

    def __init__(
        self,
        logits_fn: Callable[[tf.Tensor], tf.Tensor],
        variables: Sequence[tf.Variable],
        transform_layer: tf.Module,
        labels: Sequence[str],
        labels_file: Path,
    ):
        super().__init__()
        # As separate functions, both are traced once for both signatures.
        self._logits_fn = tf.function(without_autograph(logits_fn), reduce_retracing=True)
        self._transform_fn = tf.function(
            without_autograph(
                lambda contents: transform_layer({IMAGE: contents[:, tf.newaxis]})[IMAGE_XF]
            ),
            input_signature=[tf.TensorSpec([None], tf.string)],
        )
        # Tracked directly, not through their Keras layers: tf.saved_model.save fails on random ones
        # (dropout; KeyError: seed_generator), which inference does not need. The Transform graph
        # of an image has no variables; tracking its layer would only trace it a second time.
        self.network_variables = list(variables)
        self.labels_asset = tf.saved_model.Asset(str(labels_file))
        self._labels = tf.constant(list(labels))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    @without_autograph
    def decode(self, contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The network's input for images, and which could be decoded: see `decode_each`."""
        return decode_each(self._transform_fn, contents)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    @without_autograph
    def images(self, contents: tf.Tensor) -> tf.Tensor:
        """The network's input for images, `[batch, height, width, 3] float32`."""
        return self.decode(contents)[0]

    def classify(self, contents: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classifies images.

        An image that cannot be decoded does not fail the others: its scores are all 0.

        Args:
            contents: `[batch] string`, the bytes of JPEG, PNG, GIF or BMP files; may be empty.

        Returns:
            `scores`, `[batch, classes] float32` probabilities; `classes`, `[batch, classes]
            string`, the name of each score's class (the same for every image: TensorFlow's
            classification contract); `label`, `[batch] string`, the name of the highest score,
            empty for an undecodable image; `valid`, `[batch] bool`, whether it could be decoded.
        """
        images, valid = self.decode(contents)
        count = tf.size(contents)
        # A convolution on the CPU (oneDNN's, TensorFlow 2.16) fails on an empty batch.
        inputs = tf.cond(count > 0, lambda: images, lambda: tf.zeros([1, *images.shape[1:]]))
        scores = tf.nn.softmax(self._logits_fn(inputs))[:count]
        label = tf.gather(self._labels, tf.argmax(scores, axis=-1))
        return {
            "scores": tf.where(valid[:, tf.newaxis], scores, 0.0),
            "classes": tf.tile(self._labels[tf.newaxis], [tf.shape(scores)[0], 1]),
            "label": tf.where(valid, label, ""),
            "valid": valid,
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    @without_autograph
    def serving_default(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """`classify`, for clients of a model server."""
        return self.classify(image_bytes)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    @without_autograph
    def serving_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """`classify`, for serialized tf.Examples with `image/encoded`, for the Evaluator."""
        features = {IMAGE: tf.io.FixedLenFeature([], tf.string)}
        return self.classify(tf.io.parse_example(examples, features)[IMAGE])


def export_network(
    network: Network, transform_layer: tf.Module, labels: Sequence[str], folder: str
) -> None:
    """Writes the model, and its weights to `weights_path`, for a later training to start from.

    The network computes in 32 bits; `labels` are in the order of the logits.
    """
    weights = [weight.value for weight in network.weights]
    tf.train.Checkpoint(weights=weights).write(weights_path(folder))
    served = network.for_serving()
    variables = [weight.value for weight in served.weights]
    with tempfile.TemporaryDirectory() as assets:
        labels_file = Path(assets) / LABELS_FILE
        labels_file.write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
        classifier = Classifier(served, variables, transform_layer, labels, labels_file)
        export_classifier(classifier, folder)


def weights_path(folder: str) -> str:
    """The checkpoint of the trained weights, given the SavedModel's folder."""
    return f"{parent_folder(folder)}/{_WEIGHTS}"


def parent_folder(folder: str) -> str:
    """The folder that contains a folder, on this machine or in a bucket."""
    return folder.rstrip("/").rpartition("/")[0]


def export_classifier(classifier: Classifier, folder: str) -> None:
    """Writes the SavedModel with both signatures."""
    tf.saved_model.save(
        classifier,
        folder,
        signatures={
            SERVING_DEFAULT: classifier.serving_default,
            SERVING_EXAMPLES: classifier.serving_examples,
        },
    )
