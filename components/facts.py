"""What a component reports once it has finished: the base of every `facts.py` in the folders.

A component's facts are read from its output artifacts, by the process that ran it, and travel as
JSON: through a pipe to the terminal of a local run, through the log of a pod to the command that
follows a run on a cluster. TFX is not needed to work with them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

Outputs = Mapping[str, Sequence[Any]]
"""TFX artifacts by output key."""
Metrics = Mapping[str, float | None]
"""Numbers by name, units in the names; None is left out."""

_Facts = TypeVar("_Facts", bound="Facts")


class FactsPart(BaseModel):
    """A part of facts that the summary of a run contains as it is, with its descriptions."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
    )


class Facts(BaseModel):
    """What a component reports; every field is optional, since an older run may lack it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    refusal: ClassVar[str] = ""
    """What happened, where the component can refuse the model: `the gate refused this model`."""

    @classmethod
    def read(cls: type[_Facts], outputs: Outputs) -> _Facts:
        """Reads the facts from the output artifacts of a component that has finished.

        Raises:
            OSError: A file of an artifact cannot be read.
        """
        return cls()

    def headline(self) -> str:
        """The key figure in a line; empty where there is nothing to report."""
        return ""

    def metrics(self) -> Metrics:
        """The numbers that were measured, for Kubeflow's page of metrics."""
        return {}

    def is_refusal(self) -> bool:
        """Whether the component keeps the model from being released."""
        return False

    def refusal_reasons(self) -> Sequence[str]:
        """Why the component refuses the model, one sentence each; empty where it does not."""
        return ()
