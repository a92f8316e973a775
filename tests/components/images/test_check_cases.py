"""Images as cameras, editors and other tools leave them: what should happen to each is known."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from components.images.check import Accepted, check_image
from components.images.convert import decodable
from components.images.decode import decode_image
from components.images.limits import ImageLimits


@pytest.fixture(scope="module")
def cases(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, dict[str, Any]]:
    """The files, each with what should happen to it."""
    folder = tmp_path_factory.mktemp("cases")
    script = shared_dir / "cases" / "make_pictures.py"
    subprocess.run([sys.executable, script, folder], check=True, capture_output=True)
    expected = json.loads((folder / "expected.json").read_text())
    return {folder / name: what for name, what in expected.items()}


def test_ingest_accepts_what_it_should(cases: dict[Path, dict[str, Any]]) -> None:
    for file, expected in cases.items():
        verdict = check_image(file.read_bytes(), ImageLimits())
        accepted = isinstance(verdict, Accepted)
        assert ("accept" if accepted else "quarantine") in expected["ingest"], (file, verdict)


def test_what_is_accepted_has_its_colours_where_a_person_sees_them(
    cases: dict[Path, dict[str, Any]],
) -> None:
    seen = 0
    for file, expected in cases.items():
        contents = file.read_bytes()
        verdict = check_image(contents, ImageLimits())
        if not isinstance(verdict, Accepted):
            continue
        pixels = decode_image(tf.constant(decodable(contents))).numpy().astype(float)
        height, width, _ = pixels.shape
        assert (verdict.height, verdict.width) == (height, width), file.name
        middle, centre = height // 2, width // 2
        quarters = [
            pixels[rows, columns].reshape(-1, 3).mean(0)
            for rows in (slice(0, middle), slice(middle, None))
            for columns in (slice(0, centre), slice(centre, None))
        ]
        difference = np.abs(np.array(quarters) - expected["quarters"]).max()
        assert difference <= expected["tolerance"], (file.name, quarters)
        seen += 1
    assert seen >= 14
