"""Labels are corrected before the split, and what was done is counted."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from components.example_gen import driver
from components.example_gen.corrections import read_corrections
from components.example_gen.facts import IngestFacts
from components.example_gen.settings import DataSettings
from components.example_gen.sources.errors import IngestError
from components.example_gen.suspect_labels import SuspectLabel, format_suspects

Ingest = Callable[..., Any]
WriteClasses = Callable[..., Path]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _labels(result: Any) -> dict[str, str]:
    examples = (example for split in result.split_names for example in result.examples(split))
    return {
        example["image/filename"].decode(): example["image/class/text"].decode()
        for example in examples
    }


@pytest.fixture
def data(tmp_path: Path, write_classes: WriteClasses) -> Path:
    """40 images of each of the classes a and b."""
    return write_classes(tmp_path / "data")


def _write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "corrections.csv"
    file.write_text(text)
    return file


def test_the_table_of_the_trainer_once_it_is_filled_in(
    tmp_path: Path, data: Path, ingest: Ingest
) -> None:
    first, second, third, *_ = sorted(path.name for path in (data / "a").iterdir())
    rows = [
        SuspectLabel(f"a/{name}", _sha256(data / "a" / name), "train", "a", "b", 0.01)
        for name in (first, second, third)
    ]
    lines = format_suspects(rows).splitlines()
    file = _write(
        tmp_path, "\r\n".join([lines[0], lines[1] + "relabel", lines[2] + "drop", lines[3]])
    )
    result = ingest(data, corrections=str(file))
    labels = _labels(result)
    assert labels[f"a/{first}"] == "b" and labels[f"a/{third}"] == "a"
    assert f"a/{second}" not in labels
    summary = result.summary
    assert summary["corrections"] == {"relabelled": 1, "dropped": 1, "unmatched": 0}
    assert (summary["found"], summary["accepted"], summary["quarantined"]) == (80, 79, 1)
    assert summary["quarantined_by_reason"] == {"dropped": 1}
    headline = IngestFacts(**summary).headline()
    assert "corrections: 1 relabelled, 1 dropped" in headline


def test_by_path_or_by_content_and_what_matches_nothing_is_counted(
    tmp_path: Path, data: Path, ingest: Ingest
) -> None:
    by_path, by_content, *_ = sorted((data / "a").iterdir())
    file = _write(
        tmp_path,
        "action,path,sha256,suggested_label\n"
        f"relabel,a/{by_path.name},,b\n"
        f"RELABEL,moved/elsewhere.png,{_sha256(by_content)},b\n"
        "drop,a/gone.png,,\n",
    )
    result = ingest(data, corrections=str(file))
    labels = _labels(result)
    assert labels[f"a/{by_path.name}"] == labels[f"a/{by_content.name}"] == "b"
    assert result.summary["corrections"] == {"relabelled": 2, "dropped": 0, "unmatched": 1}


def test_a_corrected_image_keeps_its_split(tmp_path: Path, data: Path, ingest: Ingest) -> None:
    name = min(path.name for path in (data / "a").iterdir())
    file = _write(tmp_path, f"action,path,suggested_label\nrelabel,a/{name},b\n")
    before, after = ingest(data), ingest(data, corrections=str(file))

    def split_of(result: Any) -> str:
        return next(
            split for split in result.split_names
            if any(e["image/filename"] == f"a/{name}".encode() for e in result.examples(split))
        )  # fmt: skip

    assert split_of(before) == split_of(after)


def test_one_image_under_two_labels_can_be_settled(
    tmp_path: Path, data: Path, ingest: Ingest
) -> None:
    image = min((data / "a").iterdir())
    (data / "b" / "copy.png").write_bytes(image.read_bytes())
    file = _write(tmp_path, f"action,sha256,suggested_label\nrelabel,{_sha256(image)},b\n")
    result = ingest(data, corrections=str(file))
    assert result.summary["quarantined"] == 0 and result.summary["corrections"]["relabelled"] == 1


def test_copies_with_other_metadata_are_corrected_too(
    tmp_path: Path, data: Path, ingest: Ingest
) -> None:
    image = min((data / "a").iterdir())
    text = PngImagePlugin.PngInfo()
    text.add_text("camera", "another")
    with Image.open(image) as opened:
        opened.save(data / "a" / "copy.png", pnginfo=text)
    for action, label in (("relabel", "b"), ("drop", "")):
        row = f"{action},{_sha256(image).upper()} ,{label}"
        result = ingest(
            data, corrections=str(_write(tmp_path, f"action,sha256,suggested_label\n{row}\n"))
        )
        labels = _labels(result)
        both = (f"a/{image.name}", "a/copy.png")
        assert [labels.get(name) for name in both] == ([label] * 2 if label else [None] * 2)


def test_a_file_that_is_no_csv(tmp_path: Path) -> None:
    file = _write(tmp_path, 'action,path\ndrop,"' + "x" * 200_000)
    with pytest.raises(IngestError, match="is not CSV: field larger than"):
        read_corrections(str(file))


def test_many_dropped_images_are_no_bad_files(tmp_path: Path, data: Path, ingest: Ingest) -> None:
    names = sorted(path.name for path in (data / "a").iterdir())[:10]
    file = _write(tmp_path, "action,path\n" + "".join(f"drop,a/{name}\n" for name in names))
    assert ingest(data, corrections=str(file)).summary["quarantined"] == 10


def test_what_is_wrong_with_the_file_is_listed_by_row(tmp_path: Path) -> None:
    file = _write(
        tmp_path,
        "action,path,suggested_label\n"
        "rename,a/1.png,b\n"
        "relabel,a/2.png,\n"
        "drop,,\n"
        "drop,a/3.png,\n"
        "relabel,a/3.png,b\n",
    )
    with pytest.raises(IngestError) as raised:
        read_corrections(str(file))
    for expected in (
        "row 2 has the action 'rename'",
        "row 3 relabels to nothing: suggested_label is empty",
        "row 4 names no image",
        "row 6 differs from row 5, which names the same image",
    ):
        assert expected in raised.value.message
    with pytest.raises(IngestError, match="lacks the columns action, and path or sha256"):
        read_corrections(str(_write(tmp_path, "path,label\na/1.png,b\n")))
    with pytest.raises(IngestError, match="cannot read .*gone.csv: No such file"):
        read_corrections(str(tmp_path / "gone.csv"))


def test_a_label_that_no_image_has_is_refused(tmp_path: Path, data: Path, ingest: Ingest) -> None:
    name = min(path.name for path in (data / "a").iterdir())
    file = _write(tmp_path, f"action,path,suggested_label\nrelabel,a/{name},B\n")
    with pytest.raises(IngestError, match="row 2 relabels to 'B', which no image has; .* a, b"):
        ingest(data, corrections=str(file))


def test_they_are_part_of_the_fingerprint(tmp_path: Path, data: Path) -> None:
    def fingerprint(corrections: Path | None) -> str:
        settings = DataSettings(path=str(data), corrections=str(corrections or "") or None)
        resolved = driver.resolve({"settings": settings.model_dump_json(), "path": str(data)})
        return str(resolved["input_fingerprint"])

    plain, file = fingerprint(None), _write(tmp_path, "action,path\n")
    empty = fingerprint(file)
    file.write_text("action,path\ndrop,a/1.png\n")
    assert len({plain, empty, fingerprint(file)}) == 3
