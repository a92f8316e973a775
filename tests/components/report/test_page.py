"""The page: complete, with inputs missing, with many classes, with hostile names."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from components.report.inputs.run_facts import PreviousRun, RunFacts
from components.report.inputs.sources import Sources
from components.report.page import Page, build_page
from tests.components.report.conftest import (
    MakeSources,
    write_examples,
    write_json,
    write_statistics,
)

HOSTILE = "<script>alert(1)</script>\"'{{ 7 * 7 }}$x^2$\u202egpj"


class Elements(HTMLParser):
    """Collects the references and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.references: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.unisolated = ""
        """Text that may change the direction of what follows it."""
        self._is_text = True
        self._isolations = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._is_text = tag not in ("style", "script")
        self._isolations += tag == "bdi"
        if tag == "img":
            self.images.append(dict(attrs))
        self.references += [v for k, v in attrs if k in ("src", "srcset", "href") and v]

    def handle_endtag(self, tag: str) -> None:
        self._isolations -= tag == "bdi"

    def handle_data(self, data: str) -> None:
        if self._is_text:
            self.text += data
            self.unisolated += "" if self._isolations else data


def words(html: str) -> str:
    return re.sub(r"\s+", " ", Elements(html).text)


def test_a_pushed_model(make_sources: MakeSources, tmp_path: Path) -> None:
    sources = make_sources()
    before = write_statistics(tmp_path / "before", {"cats": 3, "dogs": 1})
    other = PreviousRun(run_id="20261101T000000Z-0000", statistics=str(before))
    known = {"previous_run_id": other.run_id, "other": other}
    page = build_page(replace(sources, run=sources.run.model_copy(update=known)))
    text = words(page.html)
    for expected in (
        "Pushed: version 1795413758 is released to model servers.",
        "Test accuracy 0.750 (0.600 to 0.860) on 8 images; the gate requires 0.700; ",
        "0.600 to 0.860",
        "+0.005",
        "calibration error",
        "Confusion matrix",
        "dogs, predicted as cats 0.910",
        "30 files found: 28 accepted, 2 quarantined. Converted to PNG: 3 HEIC, 1,012 WebP. "
        "Of 1 image with more frames or pages the first is used.",
        "two labels",
        "cats/broken.jpg",
        "None: every split matches the schema.",
        "Compared with the previous run, 20261101T000000Z-0000:",
        "75.0 %",
        "ImageExampleGen cached",
        "1m05s",
        "cd" * 32,
        "ab" * 32,
        '"min_accuracy": 0.7',
        "Passed. The exported model was loaded",
    ):
        assert expected in text, expected
    assert set(page.charts) == {
        "learning_curve_accuracy.png", "learning_curve_loss.png", "widths.png", "heights.png",
    }  # fmt: skip
    assert all(chart.startswith(b"\x89PNG") for chart in page.charts.values())


def test_the_decision_comes_first(make_sources: MakeSources) -> None:
    page = Elements(build_page(make_sources(blessed=False)).html)
    text = re.sub(r"\s+", " ", page.text)
    assert "Refused: the gate refused this model." in text[:300]
    assert "Test accuracy 0.7500 is below gate.min_accuracy 0.9." in text
    assert "What is released has not changed." in text
    assert "Serving check" not in text


@pytest.mark.parametrize(
    ("images", "text"),
    [
        (254, "by 0.536, fitted on 254 validation images, whose calibration error was 0.103 and"),
        (29, "fitted on 29 validation images, too few to measure a calibration error."),
    ],
)
def test_the_temperature_of_the_scores(make_sources: MakeSources, images: int, text: str) -> None:
    sources = make_sources()
    path = Path(sources.folders["model_run"], "training.json")
    fitted = {
        "temperature": 0.5357, "images": images, "error_before": 0.1035, "error_after": 0.0095,
    }  # fmt: skip
    path.write_text(json.dumps({**json.loads(path.read_text()), "calibration": fitted}))
    assert text in words(build_page(sources).html)


def test_a_loss_that_is_not_ruled_out_is_no_green_banner(make_sources: MakeSources) -> None:
    sources = make_sources()
    path = Path(sources.folders["evaluation"], "decision.json")
    decision = json.loads(path.read_text())
    path.write_text(json.dumps({**decision, "change": -0.01, "warning": "a loss is not ruled out"}))
    html = build_page(sources).html
    assert "Warning: a loss is not ruled out." in words(html)
    assert 'class="verdict warned"' in html and 'class="verdict good"' not in html


def test_nothing_is_fetched_and_no_script_runs(make_sources: MakeSources) -> None:
    html = build_page(make_sources()).html
    page = Elements(html)
    assert page.references
    assert all(reference.startswith(("data:image/", "#")) for reference in page.references)
    assert "url(" not in html and "@import" not in html
    assert "script" not in page.tags
    assert all(image["alt"] for image in page.images)


def test_with_examples_only(tmp_path: Path) -> None:
    folders = {"examples": str(write_examples(tmp_path / "examples", {}))}
    text = words(build_page(Sources(RunFacts(pipeline="p", run_id="r"), folders=folders)).html)
    assert "Not measured: this run has no evaluation." in text
    assert "Configuration and lineage" in text


def test_a_decision_of_an_older_release(make_sources: MakeSources) -> None:
    sources = make_sources()
    evaluation = Path(sources.folders["evaluation"])
    (evaluation / "predictions.jsonl").unlink()
    write_json(
        evaluation / "decision.json",
        {
            "blessed": True,
            "reasons": [],
            "test_accuracy": 0.9647,
            "baseline_accuracy": None,
            "test_examples": 312,
            "classes": {"cats": {"precision": 0.98, "recall": None, "auc": 1.0}},
        },
    )
    text = words(build_page(sources).html)
    assert "0.965 on 312 images; the gate requires 0.700." in text
    assert "There is no baseline" in text
    assert "Confusion matrix" not in text and "Images to look at" not in text


def test_a_thousand_classes_stay_readable(make_sources: MakeSources) -> None:
    page = build_page(make_sources(tuple(f"class {number:03}" for number in range(1000))))
    text = words(page.html)
    assert "20 of 1,000 classes: those involved in most mistakes." in text
    assert "20 of 1,000 classes: those with the lowest recall." in text
    assert "30 of 1,000 classes: the most and the least frequent." in text
    assert "970 more classes in between" in text
    assert "12 of 1,000 mistakes." in text
    assert len(page.html) < 2_000_000


def test_names_are_escaped(make_sources: MakeSources) -> None:
    html = build_page(make_sources((HOSTILE, "dogs"))).html
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "script" not in Elements(html).tags
    assert "{{ 7 * 7 }}" in Elements(html).text.replace("<wbr>", "")
    # A change of the writing direction is shown, not obeyed.
    assert "\\u202e" in Elements(html).text
    assert "\u202e" not in html


def test_a_name_that_is_not_utf8_is_written() -> None:
    page = Page("caf\udce9", {})
    assert page.files["index.html"] == b"caf?"


def test_control_characters_are_shown_as_escapes(make_sources: MakeSources) -> None:
    html = build_page(make_sources(("cats\x1b[2J\0", "dogs"))).html
    assert "cats\\x1b[2J\\x00" in html
    assert "\x1b" not in html and "\0" not in html


def test_page_and_charts_become_files() -> None:
    assert Page("a", {"b.png": b"c"}).files == {"index.html": b"a", "b.png": b"c"}
