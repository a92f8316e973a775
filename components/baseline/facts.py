"""What the resolvers of an earlier model report: whether there is one."""

from components.artifacts import IMPORTED_VERSION_KEY
from components.facts import Facts, Outputs


class EarlierModelFacts(Facts):
    """The model that was chosen."""

    baseline: str | None = None
    """URI of the Model artifact; None if there is none."""
    version: int | None = None
    """Number of the released version that it was copied from, if it was."""

    @classmethod
    def read(cls, outputs: Outputs) -> "EarlierModelFacts":
        """Reads the artifact that was resolved."""
        models = outputs.get("model", [])
        if not models:
            return cls()
        version = models[0].get_int_custom_property(IMPORTED_VERSION_KEY)
        return cls(baseline=models[0].uri, version=version or None)

    def headline(self) -> str:
        """Whether there is one."""
        if self.version is not None:
            return f"version {self.version}, as released"
        return "found" if self.baseline else "none yet"
