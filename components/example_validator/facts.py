"""What ExampleCheck reports: anomalies in the data."""

from components import storage
from components.artifacts import ANOMALIES_FILE
from components.facts import Facts, Metrics, Outputs


class AnomalyFacts(Facts):
    """The anomalies that were found, a sentence each."""

    anomalies: tuple[str, ...] = ()

    @classmethod
    def read(cls, outputs: Outputs) -> "AnomalyFacts":
        """Reads `anomalies.json`; there is none where there are no anomalies."""
        folder = outputs["anomalies"][0].uri
        if not any(entry.name == ANOMALIES_FILE for entry in storage.list_folder(folder)):
            return cls()
        return cls(anomalies=storage.read_json(storage.join(folder, ANOMALIES_FILE)))

    def headline(self) -> str:
        """The first anomaly, and how many more there are."""
        if not self.anomalies:
            return "no anomalies"
        if len(self.anomalies) == 1:
            return f"anomaly: {self.anomalies[0]}"
        return f"anomalies: {self.anomalies[0]} (and {len(self.anomalies) - 1} more)"

    def metrics(self) -> Metrics:
        """Number of anomalies."""
        return {"anomalies": len(self.anomalies)}
