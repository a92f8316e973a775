"""What the resolvers of an earlier model report: whether there is one."""

from components.facts import Facts, Outputs


class EarlierModelFacts(Facts):
    """The model that was chosen."""

    baseline: str | None = None
    """URI of the Model artifact; None if there is none."""

    @classmethod
    def read(cls, outputs: Outputs) -> "EarlierModelFacts":
        """Reads the artifact that was resolved."""
        models = outputs.get("model", [])
        return cls(baseline=models[0].uri if models else None)

    def headline(self) -> str:
        """Whether there is one."""
        return "found" if self.baseline else "none yet"
