"""What the Pusher reports: which version it released, or why it released none."""

from typing import Any

from components.artifacts import (
    IN_SERVICE_PATH_KEY,
    IN_SERVICE_VERSION_KEY,
    IS_NEW_KEY,
    PUSHED_DESTINATION_KEY,
    PUSHED_KEY,
    PUSHED_VERSION_KEY,
    WITHDRAWN_KEY,
)
from components.facts import Facts, Metrics, Outputs


class PusherFacts(Facts):
    """What the PushedModel artifact records."""

    pushed: bool | None = None
    """Whether this model is the released version."""
    is_new: bool = True
    """Whether it was pushed now, rather than found to be the released version already."""
    withdrawn: bool = False
    """Whether a rollback withdrew this model; `version` is another model's then."""
    version: int | None = None
    """The newest version that model servers find; None if nothing was pushed."""
    path: str | None = None
    """Its folder."""

    @classmethod
    def read(cls, outputs: Outputs) -> "PusherFacts":
        """Reads the properties of the PushedModel artifact."""
        return read_pushed(outputs["pushed_model"][0])

    def headline(self) -> str:
        """The version."""
        if self.withdrawn:
            return f"withdrawn by a rollback; version {self.version} stays released"
        if self.version is not None:
            return f"version {self.version}"
        return "nothing pushed" if self.pushed is False else ""

    def metrics(self) -> Metrics:
        """`pushed` as 0 or 1, and the version's number."""
        return {"pushed": self.pushed, "version": self.version}


def read_pushed(artifact: Any) -> PusherFacts:
    """Reads the properties that `components.pusher.executor` gives a PushedModel artifact."""
    if artifact.get_int_custom_property(WITHDRAWN_KEY):
        return PusherFacts(
            pushed=False,
            is_new=False,
            withdrawn=True,
            version=artifact.get_string_custom_property(IN_SERVICE_VERSION_KEY),
            path=artifact.get_string_custom_property(IN_SERVICE_PATH_KEY),
        )
    if not artifact.get_int_custom_property(PUSHED_KEY):
        return PusherFacts(pushed=False, is_new=False)
    return PusherFacts(
        pushed=True,
        is_new=bool(artifact.get_int_custom_property(IS_NEW_KEY)),
        version=artifact.get_string_custom_property(PUSHED_VERSION_KEY),
        path=artifact.get_string_custom_property(PUSHED_DESTINATION_KEY),
    )
