"""The page: the data of all sections, rendered by the templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components import format
from components.artifacts import PAGE_FILE
from components.printable import printable_text
from components.report.inputs.sources import Sources
from components.report.sections.confusion import read_confusion
from components.report.sections.data import read_data
from components.report.sections.drift import read_drift
from components.report.sections.images import read_images
from components.report.sections.lineage import read_lineage
from components.report.sections.metrics import read_metrics
from components.report.sections.mistakes import read_mistakes
from components.report.sections.serving_check import read_serving_check
from components.report.sections.times import read_times
from components.report.sections.training import read_training
from components.report.sections.verdict import read_verdict

_FILTERS = (
    format.count, format.number, format.share, format.change, format.interval,
    format.change_interval, format.percent, format.duration, format.size,
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    """A self-contained page, and its charts as PNG files, by name."""

    html: str
    charts: Mapping[str, bytes]

    @property
    def files(self) -> dict[str, bytes]:
        """All files, by name."""
        # File names may contain invalid UTF-8, which Python reads as lone surrogates.
        return {**self.charts, PAGE_FILE: self.html.encode("utf-8", "replace")}


def build_page(sources: Sources) -> Page:
    """Reads all sections and renders the page."""
    training, data = read_training(sources), read_data(sources)
    sections = {
        "run": sources.run,
        "verdict": read_verdict(sources),
        "metrics": read_metrics(sources),
        "serving_check": read_serving_check(sources),
        "confusion": read_confusion(sources),
        "mistakes": read_mistakes(sources),
        "images": read_images(sources),
        "training": training,
        "data": data,
        "drift": read_drift(sources),
        "times": read_times(sources),
        "lineage": read_lineage(sources),
    }
    charts = [*(training.charts if training else ()), *data.charts]
    return Page(_render(sections), {chart.file: chart.light for chart in charts})


def breakable(path: str) -> Any:
    """A path that may break after its slashes, escaped."""
    from markupsafe import Markup

    return Markup("/<wbr>").join(path.split("/"))


def _finalize(value: Any) -> Any:
    """Makes texts printable; HTML has no way to write a control character or an invalid byte."""
    # Markup is a str: the page's own, or a path that `breakable` escaped.
    return type(value)(printable_text(value)) if isinstance(value, str) else value


def _render(sections: Mapping[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Names of files and classes are untrusted: all of them are escaped.
    environment = Environment(
        loader=PackageLoader("components.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    filters = {text.__name__: text for text in (*_FILTERS, breakable)}
    environment.filters.update(filters)
    return environment.get_template("page.html.jinja").render(sections)
