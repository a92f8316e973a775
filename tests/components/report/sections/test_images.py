"""Images whose label is probably wrong are shown, the worst first."""

import json
from pathlib import Path

import numpy as np

from components.example_gen.suspect_labels import SuspectLabel, format_suspects
from components.report.charts.thumbnails import build_montage, build_thumbnail
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
    assert read_images(sources) is None
    assert 'id="images"' not in build_page(sources).html
    _add_suspects(sources, 0)
    assert "None: no label is less probable than another" in build_page(sources).html


def test_images_as_the_network_sees_them_and_what_became_of_files(
    make_sources: MakeSources,
) -> None:
    sources = make_sources()
    montage = build_montage(np.zeros((9, 32, 32, 3), np.uint8))
    page = {"classes": {"cats": montage}, "augmented": {"stage": "head", "image": montage}}
    (Path(sources.folders["model_run"]) / "page_images.json").write_text(json.dumps(page))
    ingest = Path(sources.folders["examples"]) / "ingest.json"
    facts = {"converted": {"HEIC": 3}, "excluded": 2, "ignored": ["LICENSE.txt"], "first_frames": 4}
    ingest.write_text(json.dumps({**json.loads(ingest.read_text()), **facts}))
    images = read_images(sources)
    assert images is not None and images.suspects is None
    assert images.changes == {
        "converted from HEIC": 3,
        "first frame or page of several": 4,
        "left out (data.exclude)": 2,
        "not an image, by name and bytes": 1,
        "quarantined: two labels": 1,
        "quarantined: truncated": 1,
    }
    html = build_page(sources).html
    assert "Nine training images of the first 1 of 2 classes, decoded and resized." in html
    assert "augmented as in stage head" in html
