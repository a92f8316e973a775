"""What Transform reports: what the model reads."""

from components.facts import Facts, Metrics, Outputs
from components.feature_keys import IMAGE_XF, LABEL_VOCABULARY
from components.format import count


class TransformFacts(Facts):
    """The label vocabulary and the size of the images."""

    classes: int | None = None
    image_size: int | None = None
    """Height and width in pixels."""

    @classmethod
    def read(cls, outputs: Outputs) -> "TransformFacts":
        """Reads the transform graph's metadata."""
        import tensorflow_transform as tft

        transform = tft.TFTransformOutput(outputs["transform_graph"][0].uri)
        return cls(
            classes=transform.vocabulary_size_by_name(LABEL_VOCABULARY),
            image_size=transform.transformed_feature_spec()[IMAGE_XF].shape[0],
        )

    def headline(self) -> str:
        """`10 classes, 32 x 32 pixels`."""
        parts = [count(self.classes, "class")] if self.classes is not None else []
        if self.image_size is not None:
            parts.append(f"{self.image_size} x {self.image_size} pixels")
        return ", ".join(parts)

    def metrics(self) -> Metrics:
        """Number of classes, size of the images."""
        return {"classes": self.classes, "image_size_px": self.image_size}
