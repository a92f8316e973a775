"""Which try of a node in a run this is: the newest one counts.

Kubernetes may start a pod again while the old one still runs (its machine did not answer, or it
takes its time to end). Each attempt has a number of its own, which the metadata give only once, and
writes to folders of its own. An attempt that is no longer the newest publishes nothing.
"""

import itertools
from dataclasses import dataclass

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from components.errors import UserError

_TYPE = "node_attempt"


class SupersededError(UserError):
    """Another attempt of the node has started since, and its result counts."""

    def __init__(self, node_id: str, number: int) -> None:
        """Takes the node and this attempt's number."""
        super().__init__(
            f"attempt {number} of {node_id} was overtaken by a later one of the same run",
            "What the later attempt makes counts; nothing is to be done.",
        )
        self._arguments = (node_id, number)

    def __reduce__(self) -> tuple[type["SupersededError"], tuple[str, int]]:  # type: ignore[override]
        """Pickles by the constructor's arguments, as its base does by its own."""
        return type(self), self._arguments


@dataclass(frozen=True)
class Attempt:
    """One try of a node in a run.

    Attributes:
        key: Names node and run.
        number: 1 for the first.
    """

    key: str
    number: int

    def is_newest(self, store: mlmd.MetadataStore) -> bool:
        """Whether no later attempt has started."""
        return store.get_context_by_type_and_name(_TYPE, f"{self.key}.{self.number + 1}") is None

    def name_folder(self, execution_id: int) -> str:
        """What its output folders are called: `7` as TFX has it, then `7-2`, `7-3`."""
        return str(execution_id) if self.number == 1 else f"{execution_id}-{self.number}"


def start_attempt(store: mlmd.MetadataStore, key: str) -> Attempt:
    """Takes the next number, which no one else gets.

    Args:
        store: The metadata.
        key: Names node and run.
    """
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
