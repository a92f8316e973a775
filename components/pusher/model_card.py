"""`assets.extra/model_card.json`: what a person or a program must know about a released model."""

import platform
from datetime import datetime, timezone
from importlib import metadata
from typing import Any

from components.example_gen.report import read_summary
from components.images.formats import FORMATS
from components.pusher.saved_model import ModelFacts
from components.signatures import SERVING_DEFAULT

# Names of the users' files do not leave the workspace with the model.
_NOT_IN_CARD = {"worst"}


def build_model_card(
    facts: ModelFacts,
    *,
    model_name: str,
    model_uri: str,
    run_id: str | None,
    data: dict[str, Any] | None,
    config: dict[str, Any] | None,
    image_size: int | None,
    decision: dict[str, Any] | None,
) -> dict[str, Any]:
    """Builds the model card.

    `data` is by `read_data`, `image_size` in pixels, `decision` the Evaluator's `decision.json`;
    each is None if it is not known.

    Returns:
        The card, for JSON. `libraries` are those of the environment that pushes; the graph itself
        was written by `saved_by_tensorflow`.
    """
    return {
        "schema_version": 1,
        "model_name": model_name,
        "model_uri": model_uri,
        "run_id": run_id,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "classes": list(facts.labels),
        "input": _input_contract(facts, image_size),
        "signatures": facts.signatures,
        "data": data,
        "config": config,
        "test": None
        if decision is None
        else {key: value for key, value in decision.items() if key not in _NOT_IN_CARD},
        "saved_by_tensorflow": facts.tensorflow,
        "libraries": library_versions(),
    }


def read_data(examples_uri: str, fingerprint: str) -> dict[str, Any]:
    """What is known of the images: `fingerprint`, and ImageExampleGen's counts if there are any."""
    counts = read_summary(examples_uri) or {}
    kept = ("accepted", "quarantined", "splits", "classes", "span")
    return {
        "fingerprint": fingerprint or None,
        **{key: counts[key] for key in kept if key in counts},
    }


def library_versions() -> dict[str, str]:
    """The versions of Python and of every installed package, by name."""
    packages = {
        package.metadata["Name"]: package.version
        for package in metadata.distributions()
        if package.metadata["Name"]
    }
    return {"python": platform.python_version(), **dict(sorted(packages.items(), key=_name))}


def _name(item: tuple[str, str]) -> str:
    return item[0].lower()


def _input_contract(facts: ModelFacts, image_size: int | None) -> dict[str, Any] | None:
    signature = facts.signatures.get(SERVING_DEFAULT)
    if signature is None or len(signature["inputs"]) != 1:
        return None
    [(name, tensor)] = signature["inputs"].items()
    return {
        "signature": SERVING_DEFAULT,
        "name": name,
        **tensor,
        "formats": [accepted.title for accepted in FORMATS],
        "resized_to_px": image_size,
        "description": "Whole image files as bytes. The model decodes, resizes and scales them.",
    }
