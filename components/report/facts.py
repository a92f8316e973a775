"""What Report reports: where the page is."""

from components import storage
from components.artifacts import PAGE_FILE
from components.facts import Facts, Outputs


class ReportFacts(Facts):
    """The page about the run."""

    report_path: str | None = None

    @classmethod
    def read(cls, outputs: Outputs) -> "ReportFacts":
        """Names the page in the artifact's folder."""
        return cls(report_path=storage.join(outputs["report"][0].uri, PAGE_FILE))
