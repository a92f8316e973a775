"""Images that a manifest lists."""

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from components.example_gen.fingerprint import fingerprint
from components.example_gen.report import describe
from components.example_gen.settings import DataSettings
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.manifest_source import list_manifest, manifest_files
from components.example_gen.sources.split_settings import SplitSettings

Ingest = Callable[..., Any]
Encode = Callable[..., bytes]
WriteClasses = Callable[..., Path]
Rows = Iterable[Mapping[str, str]]
NAMES = {"train": "training", "validation": "val", "test": {"from": "validation", "fraction": 0.5}}


def write_csv(path: Path, rows: Rows) -> Path:
    rows = list(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_manifest(path: Path, rows: Rows) -> Path:
    return write_csv(path, rows) if path.suffix == ".csv" else write_jsonl(path, rows)


def rows_of(folder: Path, below: str = "") -> list[dict[str, str]]:
    """A row for every image of folders per class, with labels other than the folders' names."""
    labels = {"a": "apple", "b": "bread"}
    return [
        {"path": f"{below}{file.parent.name}/{file.name}", "label": labels[file.parent.name]}
        for file in sorted(folder.glob("*/*.png"))
    ]


@pytest.mark.parametrize("name", ["images.csv", "images.jsonl"])
def test_counts_add_up(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses, encode: Encode, name: str
) -> None:
    rows = rows_of(write_classes(tmp_path), "")
    (tmp_path / "broken.jpg").write_bytes(encode(777, "JPEG")[:300])
    (tmp_path / "unlisted.png").write_bytes(encode(778))
    rows += [
        {"path": "broken.jpg", "label": "apple"},
        {"path": "gone.png", "label": "bread"},
        {"path": "a", "label": "apple"},
    ]
    result = ingest(write_manifest(tmp_path / name, rows), source="manifest", max_bad_fraction=0.1)
    summary = result.summary
    assert (summary["found"], summary["accepted"], summary["quarantined"]) == (83, 80, 3)
    assert summary["classes"] == {"apple": 40, "bread": 40}
    assert summary["unused"] == []
    assert result.reasons == {
        "a": "unreadable",
        "broken.jpg": "undecodable",
        "gone.png": "unreadable",
    }
    details = {row["path"]: row["detail"] for row in result.quarantine}
    assert details["gone.png"] == "No such file or directory"
    assert details["a"] == "is a folder, not a regular file"
    for split in result.split_names:
        for example in result.examples(split):
            path = tmp_path / example["image/filename"].decode()
            assert example["image/encoded"] == path.read_bytes()


def test_csv_json_lines_and_folders_give_the_same_splits(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    write_classes(tmp_path / "data")
    rows = rows_of(tmp_path / "data", "data/")
    runs = [
        ingest(write_csv(tmp_path / "m.csv", rows), source="manifest"),
        ingest(write_jsonl(tmp_path / "m.jsonl", reversed(rows)), source="manifest"),
    ]
    for split in ("train", "validation", "test"):
        first, second = ([path.read_bytes() for path in run.shards(split)] for run in runs)
        assert first == second
        folders = ingest(tmp_path / "data").names(split)
        assert runs[0].names(split) == {f"data/{name}" for name in folders}


def test_splits_by_name_and_what_none_names(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    rows: list[dict[str, str]] = []
    for seed, split in enumerate(["training", "val", "later", ""]):
        folder = write_classes(tmp_path / f"s{seed}", count=[20, 40, 3, 1][seed], seed=seed)
        rows += [row | {"split": split} for row in rows_of(folder, f"s{seed}/")]
    result = ingest(write_csv(tmp_path / "m.csv", rows), source="manifest", splits=NAMES)
    summary = result.summary
    assert summary["found"] == summary["accepted"] == 120
    assert summary["unused"] == ["no split: 2 rows", "split later: 6 rows"]
    assert describe(summary).endswith("; not used: no split: 2 rows, split later: 6 rows")
    assert result.names("train") == {row["path"] for row in rows if row["split"] == "training"}
    carved = result.names("test")
    assert 20 < len(carved) < 60
    assert carved | result.names("validation") == {
        row["path"] for row in rows if row["split"] == "val"
    }


def test_an_image_in_two_splits_and_under_two_labels(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    rows: list[dict[str, str]] = []
    for seed, split in enumerate(["train", "val", "test"]):
        folder = write_classes(tmp_path / split, seed=seed)
        rows += [row | {"split": split} for row in rows_of(folder, f"{split}/")]
    rows.append({"path": "./test/a/000.png", "label": "apple", "split": "train"})
    rows.append({"path": "./test/a/001.png", "label": "bread", "split": "test"})
    names = {"train": "train", "validation": "val", "test": "test"}
    manifest = write_csv(tmp_path / "m.csv", rows)
    result = ingest(manifest, source="manifest", splits=names, max_bad_fraction=0.02)
    assert result.reasons == {
        "./test/a/000.png": "duplicate_across_splits",
        "./test/a/001.png": "two_labels",
        "test/a/001.png": "two_labels",
    }
    assert result.summary["accepted"] == 239


def test_absolute_paths_and_addresses(
    tmp_path: Path, ingest: Ingest, encode: Encode, write_classes: WriteClasses
) -> None:
    data = write_classes(tmp_path / "data")
    rows = rows_of(data, f"{data}/")
    for number in range(20):
        with tf.io.gfile.GFile(f"ram://manifest/{number}.png", "wb") as file:
            file.write(encode(5000 + number))
        rows.append({"path": f"ram://manifest/{number}.png", "label": "apple"})
    (tmp_path / "elsewhere").mkdir()
    manifest = write_csv(tmp_path / "elsewhere" / "m.csv", rows)
    summary = ingest(manifest, source="manifest").summary
    assert summary["accepted"] == 100
    assert summary["classes"] == {"apple": 60, "bread": 40}


def test_a_remote_manifest(encode: Encode) -> None:
    with tf.io.gfile.GFile("ram://remote/m.csv", "w") as file:
        file.write("path,label\na/1.png,cat\nram://other/2.png,dog\n/3.png,dog\n")
    settings = DataSettings(source="manifest", path="ram://remote/m.csv")
    paths = [image.path for image in list_manifest("ram://remote/m.csv", settings.splits).images]
    assert paths == ["ram://remote/a/1.png", "ram://other/2.png", "/3.png"]


def test_too_many_missing_files_stop_the_run(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    rows = rows_of(write_classes(tmp_path))
    rows += [{"path": f"gone-{number}.png", "label": "apple"} for number in range(20)]
    with pytest.raises(IngestError, match=r"20 of 100 files cannot be used \(20.0%; data.max_bad"):
        ingest(write_csv(tmp_path / "m.csv", rows), source="manifest")


def test_the_newest_span(tmp_path: Path, ingest: Ingest, write_classes: WriteClasses) -> None:
    for span, count in ((1, 30), (2, 40)):
        data = write_classes(tmp_path / str(span), count=count, seed=span)
        write_csv(data / "m.csv", rows_of(data))
    summary = ingest(tmp_path / "{SPAN}" / "m.csv", source="manifest").summary
    assert (summary["found"], summary["span"]) == (80, 2)
    shutil.rmtree(tmp_path / "2")
    assert ingest(tmp_path / "{SPAN}" / "m.csv", source="manifest").summary["span"] == 1


@pytest.mark.parametrize(
    ("splits", "names", "message", "hint"),
    [
        (
            ["train", "val"],
            None,
            "{} has splits (train, val), and data.splits has fractions.",
            "Write data.splits: {train: train, validation: val, test: {from: validation, fraction: "
            "0.5}}. Or take the field split out of the manifest.",
        ),
        (
            ["fold1", "fold2"],
            None,
            "{} has splits (fold1, fold2), and data.splits has fractions.",
            "Write in data.splits which is which: {train: NAME, validation: NAME, test: NAME}. Or "
            "take the field split out of the manifest.",
        ),
        (
            ["training", "valid"],
            NAMES,
            "data.splits.validation is 'val', and no row of {} has that split.",
            "There are: training, valid. Write data.splits: {train: training, validation: valid, "
            "test: {from: validation, fraction: 0.5}}.",
        ),
        (
            ["", ""],
            NAMES,
            "data.splits.train is 'training', and no row of {} has that split.",
            "No row has any: add a field split, or give fractions in data.splits.",
        ),
    ],
)
def test_splits_that_do_not_fit(
    tmp_path: Path, splits: list[str], names: Any, message: str, hint: str
) -> None:
    rows = [{"path": f"{n}.png", "label": "ab"[n], "split": its} for n, its in enumerate(splits)]
    path = write_csv(tmp_path / "m.csv", rows)
    settings = DataSettings.model_validate(
        {"source": "manifest", "path": str(path)} | ({"splits": names} if names else {})
    )
    with pytest.raises(IngestError) as error:
        list_manifest(str(path), settings.splits)
    assert error.value.message == message.format(path)
    assert error.value.hint == hint


def test_one_class_only(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "m.csv", [{"path": "1.png", "label": "cat"}])
    with pytest.raises(IngestError, match=r"there is only one class in .*m.csv: cat"):
        list_manifest(str(path), SplitSettings())


def test_fingerprint_covers_the_manifest_and_what_it_lists(
    tmp_path: Path, write_classes: WriteClasses
) -> None:
    rows = rows_of(write_classes(tmp_path, count=3))
    rows.append({"path": "gone.png", "label": "apple"})
    path = write_csv(tmp_path / "m.csv", rows)

    def seen() -> str:
        return fingerprint(manifest_files(str(path)), "content")

    before = seen()
    (tmp_path / "unlisted.png").touch()
    os.utime(tmp_path / "a" / "000.png", ns=(1, 1))
    assert seen() == before
    (tmp_path / "a" / "000.png").write_bytes(b"another")
    other_image = seen()
    (tmp_path / "gone.png").touch()
    no_longer_gone = seen()
    write_csv(path, [*rows[:-1], {"path": "gone.png", "label": "bread"}])
    assert len({before, other_image, no_longer_gone, seen()}) == 4
    [first, *rest] = manifest_files(str(path))
    assert first == ("m.csv", str(path))
    assert len(rest) == len(rows)
