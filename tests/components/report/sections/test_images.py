"""Images whose label is probably wrong are shown, the worst first."""

import json
from pathlib import Path

from components.example_gen.suspect_labels import SuspectLabel, format_suspects
from components.report.charts.thumbnails import build_thumbnail
from components.report.inputs.sources import Sources
from components.report.page import build_page
from components.report.sections.images import read_images
from tests.components.report.conftest import MakeSources, encode_image


def _add_suspects(sources: Sources, count: int) -> list[SuspectLabel]:
    rows = [
        SuspectLabel(f"cats/{number}.png", "", "train", "cats", "dogs", number / 1000)
        for number in range(count)
    ]
    folder = Path(sources.folders["model_run"])
    (folder / "suspect_labels.csv").write_text(format_suspects(rows))
    thumbnails = [build_thumbnail(encode_image(number)) for number in range(min(count, 24))]
    (folder / "suspect_images.json").write_text(json.dumps(thumbnails))
    return rows


def test_the_worst_are_shown_with_what_they_probably_are(make_sources: MakeSources) -> None:
    sources = make_sources()
    rows = _add_suspects(sources, 30)
    images = read_images(sources)
    assert images is not None and images.suspects is not None
    assert [shown.row for shown in images.suspects] == rows[:24]
    assert images.suspects_by_split == {"train": 30}
    html = build_page(sources).html
    assert "24 of 30 images, over all splits (train 30)." in html
    assert 'alt="cats/0.png: cats, or dogs?"' in html and 'href="#images"' in html


def test_no_suspects_and_no_check_are_told_apart(make_sources: MakeSources) -> None:
    sources = make_sources()
    assert read_images(sources) is None and 'id="images"' not in build_page(sources).html
    _add_suspects(sources, 0)
    assert "None: no label is less probable than another" in build_page(sources).html
