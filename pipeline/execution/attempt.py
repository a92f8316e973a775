"""Attempts of a node in a run: only the newest one publishes its outputs.

Kubernetes may start a pod again while the old one is still running (its machine did not respond, or
it is slow to end). Each attempt gets a unique number from ML Metadata and writes to folders of its
own. An attempt that is no longer the newest publishes nothing.

Where its folders are already there, it did not make them: the metadata are newer than the
workspace, or were put back from a backup, and number executions as others did before. Then it makes
folders of another name, and leaves those alone.
"""

import itertools
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio

from components.errors import UserError

_TYPE = "node_attempt"
_FOLDER = "folder"


class SupersededError(UserError):
    """A later attempt of the node has started, and only its result counts."""

    def __init__(self, node_id: str, number: int) -> None:
        """Stores the node and the number of this attempt."""
        super().__init__(
            f"attempt {number} of {node_id} was superseded by a later attempt in the same run",
            "Only the later attempt counts; there is nothing to do.",
        )
        self._arguments = (node_id, number)

    def __reduce__(self) -> tuple[type["SupersededError"], tuple[str, int]]:  # type: ignore[override]
        """Pickles with the arguments of this constructor instead of the base class's."""
        return type(self), self._arguments


@dataclass(frozen=True)
class Attempt:
    """One attempt of a node in a run; `key` identifies both, and the first number is 1."""

    key: str
    number: int

    def is_newest(self, store: mlmd.MetadataStore) -> bool:
        """Whether no later attempt has started."""
        return store.get_context_by_type_and_name(_TYPE, f"{self.key}.{self.number + 1}") is None

    def name_folder(self, execution_id: int, parents: Iterable[str]) -> str:
        """Chooses the name of its output folders: `7` as in TFX, then `7-2`, `7-3`.

        Args:
            execution_id: The execution.
            parents: Where it will make folders of this name. Where one of them has it already, the
                name gets an ending: `7.4f0c2a91`.
        """
        name = str(execution_id) if self.number == 1 else f"{execution_id}-{self.number}"
        is_taken = any(fileio.exists(f"{parent}/{name}") for parent in parents)
        return f"{name}.{secrets.token_hex(4)}" if is_taken else name

    def record_folder(self, store: mlmd.MetadataStore, name: str) -> None:
        """Records the name of its folders, so that a later attempt removes them and no others."""
        context = store.get_context_by_type_and_name(_TYPE, f"{self.key}.{self.number}")
        context.custom_properties[_FOLDER].string_value = name
        store.put_contexts([context])

    def earlier_folders(self, store: mlmd.MetadataStore) -> list[str]:
        """The names that the attempts before it recorded."""
        names = (f"{self.key}.{number}" for number in range(1, self.number))
        contexts = (store.get_context_by_type_and_name(_TYPE, name) for name in names)
        return [
            context.custom_properties[_FOLDER].string_value
            for context in contexts
            if context is not None and _FOLDER in context.custom_properties
        ]


def start_attempt(store: mlmd.MetadataStore, key: str) -> Attempt:
    """Reserves the next attempt number, which no other process gets."""
    kind = metadata_store_pb2.ContextType(name=_TYPE)
    type_id = store.put_context_type(kind)
    for number in itertools.count(1):
        context = metadata_store_pb2.Context(type_id=type_id, name=f"{key}.{number}")
        try:
            store.put_contexts([context])
        except mlmd.errors.AlreadyExistsError:
            continue
        return Attempt(key, number)
    raise AssertionError("counting does not end")
