"""What Example reports."""

from components import storage
from components.facts import Facts, Metrics, Outputs


class ExampleFacts(Facts):
    """Its number."""

    number: int | None = None

    @classmethod
    def read(cls, outputs: Outputs) -> "ExampleFacts":
        """Reads the number."""
        return cls(number=int(storage.read_bytes(outputs["result"][0].uri)))

    def headline(self) -> str:
        """The number."""
        return f"the number is {self.number}"

    def metrics(self) -> Metrics:
        """The number."""
        return {"number": self.number}
