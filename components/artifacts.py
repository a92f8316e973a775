"""Names that several modules write or read in artifacts: files, and custom properties."""

from typing import Any

Artifacts = dict[str, list[Any]]
"""TFX artifacts by input or output key, as executors and resolvers get them."""

# Files, each in the root of an artifact.
INGEST_FILE = "ingest.json"
"""In `Examples`: counts of what was found, accepted and quarantined."""
QUARANTINE_FILE = "quarantine.jsonl"
"""In `Examples`: a line for each image that was quarantined."""
ANOMALIES_FILE = "anomalies.json"
"""In `ExampleAnomalies`: a list of sentences."""
TRAINING_FILE = "training.json"
"""In `ModelRun`: stages, epochs and their metrics."""
SUSPECTS_FILE = "suspect_labels.csv"
"""In `ModelRun`: a row for each image whose label is probably wrong."""
SUSPECT_IMAGES_FILE = "suspect_images.json"
"""In `ModelRun`: thumbnails of the first rows of `suspect_labels.csv`, a list of data URIs."""
DECISION_FILE = "decision.json"
"""In `ModelEvaluation`: measured metrics, the decision and its reasons."""
PREDICTIONS_FILE = "predictions.jsonl"
"""In `ModelEvaluation`: a line for each test image."""
SERVING_CHECK_FILE = "serving_check.json"
"""In `InfraBlessing`: the verdict of ServingCheck."""
PAGE_FILE = "index.html"
"""In `RunReport`: the page."""

# Files of a model.
LABELS_FILE = "labels.txt"
"""Class names, one a line: in the SavedModel's `assets`, and in `assets.extra` of a version."""
EXTRAS_FOLDER = "assets.extra"
"""Folder in a version of the model for files that TensorFlow does not read itself."""
MODEL_CARD_FILE = "model_card.json"
"""In `assets.extra`: what a person or a program needs to know of a model in service."""
SAVED_MODEL_FILE = "saved_model.pb"
"""The SavedModel's graph."""

# Custom properties.
FINGERPRINT_KEY = "input_fingerprint"
"""Of `Examples`: fingerprint of the data, text."""
PUSHED_KEY = "pushed"
"""Of `PushedModel`, as in TFX: 1 if a version was pushed."""
PUSHED_VERSION_KEY, PUSHED_DESTINATION_KEY = "pushed_version", "pushed_destination"
"""Of `PushedModel`, as in TFX: the version's number and its folder, texts."""
IS_NEW_KEY = "is_new"
"""Of `PushedModel`: 1 if this run wrote the version, 0 if it was there before."""
IMPORTED_VERSION_KEY = "imported_version"
"""Of `Model`: number of the released version that it is a copy of, where it was no artifact."""
WITHDRAWN_KEY = "withdrawn"
"""Of `PushedModel`: 1 if the model was withdrawn by a rollback, and is not pushed again."""
IN_SERVICE_VERSION_KEY, IN_SERVICE_PATH_KEY = "in_service_version", "in_service_path"
"""Of `PushedModel` where it is withdrawn: the version in service instead, texts."""
