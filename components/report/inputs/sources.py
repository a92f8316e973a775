"""Folders of artifacts and facts about the run, as plain values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components import storage
from components.artifacts import (
    FINGERPRINT_KEY,
    IN_SERVICE_PATH_KEY,
    IN_SERVICE_VERSION_KEY,
    IS_NEW_KEY,
    PUSHED_DESTINATION_KEY,
    PUSHED_KEY,
    PUSHED_VERSION_KEY,
    WITHDRAWN_KEY,
)
from components.example_gen.driver import SPAN_KEY
from components.report.inputs.run_facts import RunFacts


@dataclass(frozen=True)
class Pushed:
    """The Pusher's record.

    Attributes:
        version: Number of the version in service; None if it pushed nothing.
        path: Its folder.
        is_new: Whether it was pushed rather than found in service.
        is_withdrawn: Whether a rollback had taken this model out of service; `version` is another
            model's then.
    """

    version: str | None
    path: str | None
    is_new: bool
    is_withdrawn: bool = False


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
    pushed: Pushed | None = None

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
    """Extracts the sources from the arguments of the executor.

    Args:
        input_dict: Artifacts by input key; a list is empty if a node was skipped.
        exec_properties: `run`, `configuration` and `code`, as JSON.
    """
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


def read_pushed(artifact: Any) -> Pushed:
    """Reads the properties that `components.pusher` gives a PushedModel artifact."""
    if artifact.get_int_custom_property(WITHDRAWN_KEY):
        version = artifact.get_string_custom_property(IN_SERVICE_VERSION_KEY)
        path = artifact.get_string_custom_property(IN_SERVICE_PATH_KEY)
        return Pushed(version, path, is_new=False, is_withdrawn=True)
    if not artifact.get_int_custom_property(PUSHED_KEY):
        return Pushed(None, None, False)
    return Pushed(
        artifact.get_string_custom_property(PUSHED_VERSION_KEY),
        artifact.get_string_custom_property(PUSHED_DESTINATION_KEY),
        bool(artifact.get_int_custom_property(IS_NEW_KEY)),
    )
