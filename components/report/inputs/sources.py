"""Folders of artifacts and facts about the run, as plain values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components import storage
from components.artifacts import (
    FINGERPRINT_KEY,
)
from components.example_gen.driver import SPAN_KEY
from components.pusher.facts import PusherFacts, read_pushed
from components.report.inputs.run_facts import RunFacts


@dataclass(frozen=True)
class Sources:
    """Everything that the sections read. A component that did not run has no folder.

    Attributes:
        run: Facts about this run and earlier ones.
        configuration: The effective configuration.
        code: Fingerprints of the code by package.
        folders: Folders of the artifacts by input key, see `components.report.component`.
        fingerprint: Fingerprint of the data.
        span: The data's span, if the path has one.
        pushed: The Pusher's record, if it ran.
    """

    run: RunFacts
    configuration: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str | None = None
    span: int | None = None
    pushed: PusherFacts | None = None

    def read_json(self, key: str, name: str) -> Any:
        """Reads a JSON file of an artifact; None if there is no such artifact or file."""
        contents = self.read_bytes(key, name)
        return None if contents is None else json.loads(contents)

    def read_bytes(self, key: str, name: str) -> bytes | None:
        """Reads a file of an artifact; None if there is no such artifact or file."""
        path = self.path(key, name)
        return None if path is None else storage.read_bytes(path)

    def path(self, key: str, name: str) -> str | None:
        """Path of a file of an artifact; None if there is no such artifact or file."""
        from tfx.dsl.io import fileio

        if key not in self.folders:
            return None
        path = storage.join(self.folders[key], name)
        return path if fileio.exists(path) else None


def collect_sources(
    input_dict: Mapping[str, list[Any]], exec_properties: Mapping[str, Any]
) -> Sources:
    """Extracts the sources from the executor's arguments; a skipped node's list is empty."""
    present = {key: artifacts[0] for key, artifacts in input_dict.items() if artifacts}
    examples, pushed = present["examples"], present.get("pushed_model")
    configuration = json.loads(exec_properties["configuration"])
    has_span = "{SPAN}" in str(configuration.get("data", {}).get("path"))
    return Sources(
        run=RunFacts.model_validate_json(exec_properties["run"]),
        configuration=configuration,
        code=json.loads(exec_properties["code"]),
        folders={key: artifact.uri for key, artifact in present.items()},
        fingerprint=examples.get_string_custom_property(FINGERPRINT_KEY) or None,
        # The artifact's span is 0 both for span 0 and for none.
        span=getattr(examples, SPAN_KEY) if has_span else None,
        pushed=read_pushed(pushed) if pushed else None,
    )
