"""Names of the signatures that an exported model has; `trainer/export.py` says what they take."""

SERVING_DEFAULT = "serving_default"
"""Takes the bytes of images: for clients of the served model."""
SERVING_EXAMPLES = "serving_examples"
"""Takes serialized tf.Examples: for the Evaluator and the InfraValidator."""
