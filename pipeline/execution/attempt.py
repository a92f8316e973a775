"""Attempts of a node in a run: only the newest one publishes its outputs.

Kubernetes may start a pod again while the old one is still running (its machine did not respond, or
it is slow to end). Each attempt gets a unique number from ML Metadata and writes to folders of its
own. An attempt that is no longer the newest publishes nothing.
"""

import itertools
from dataclasses import dataclass

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from components.errors import UserError

_TYPE = "node_attempt"


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

    def name_folder(self, execution_id: int) -> str:
        """Name of its output folders: `7` as in TFX, then `7-2`, `7-3`."""
        return str(execution_id) if self.number == 1 else f"{execution_id}-{self.number}"


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
