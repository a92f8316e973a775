"""Which settings go together; what a person reads of those that do not."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.example_gen.settings import DataSettings


def problems(**settings: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as error:
        DataSettings.model_validate(settings)
    return {
        ".".join(map(str, details["loc"])): str(details["ctx"]["error"])
        for details in error.value.errors()
    }


@pytest.mark.parametrize(
    "name", ["cats_vs_dogs", "CatsVsDogs", "cats_vs_dogs:4.0.1", "a:1.*.*", "a/b-c.d+1:4.0.1"]
)
def test_names_of_datasets(name: str) -> None:
    assert DataSettings(source="tfds", name=name).path is None


@pytest.mark.parametrize(
    "name", ["", "a b", "kaggle:pets", "a:1", "a/b=c", "../etc", "a/b/c", "ä", "a:1.0.0\n"]
)
def test_invalid_dataset_names(name: str) -> None:
    assert problems(source="tfds", name=name) == {
        "name": "is not DATASET or DATASET/CONFIG, optionally followed by :VERSION; write for "
        "example cats_vs_dogs:4.0.1"
    }


def test_names_and_sources(tmp_path: Path) -> None:
    assert problems(source="tfds") == {
        "name": "is required for source tfds; write for example cats_vs_dogs"
    }
    refused = {"name": "only source tfds has a name; remove it, or write source: tfds"}
    assert problems(path=str(tmp_path), name="a") == refused
    assert problems(source="digits", name="a") == refused


def test_the_folder_of_tfds(tmp_path: Path) -> None:
    assert DataSettings(source="tfds", name="a", path=str(tmp_path)).path == str(tmp_path)
    assert problems(source="tfds", name="a", path=f"{tmp_path}/no") == {
        "path": f"no such folder: {tmp_path}/no"
    }
    assert problems(source="tfds", name="a", path="gs://bucket/tfds") == {
        "path": "gs://bucket/tfds is remote; give a path on this machine, or mount it"
    }


def test_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "m.CSV").touch()
    for path in (f"{tmp_path}/m.CSV", f"{tmp_path}/{{SPAN}}/m.jsonl", "gs://bucket/m.csv"):
        assert DataSettings(source="manifest", path=path).path == path
    no_manifest = {"path": "is not a manifest; name a file that ends in .csv or .jsonl"}
    assert problems(source="manifest", path=str(tmp_path)) == no_manifest
    assert problems(source="manifest", path="gs://bucket/m.txt") == no_manifest
    assert problems(source="manifest") == {"path": "is required; give the manifest"}
    for name in ("no.csv", "folder.csv"):
        assert problems(source="manifest", path=f"{tmp_path}/{name}") == {
            "path": f"no such file: {tmp_path}/{name}"
        }
    assert problems(source="manifest", path=f"{tmp_path}/no/{{SPAN}}/m.csv") == {
        "path": f"no such folder: {tmp_path}/no"
    }
    assert problems(source="manifest", path="{SPAN}.csv") == {
        "path": "{SPAN} stands for a folder; write for example images/{SPAN}/manifest.csv"
    }


def test_a_span_has_a_place_in_the_path(tmp_path: Path) -> None:
    assert DataSettings(path=f"{tmp_path}/{{SPAN}}", span=3).span == 3
    message = "data.path has no {SPAN} for it; remove span, or write for example images/{SPAN}"
    assert problems(path=str(tmp_path), span=3) == {"span": message}
    assert problems(source="digits", span=3) == {"span": message}
    # Of two mistakes that are one, the first is reported.
    assert problems(path=f"{tmp_path}/no", span=3) == {"path": f"no such folder: {tmp_path}/no"}


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"train": "train", "validation": 0.5, "test": 0.5}, "mixes fractions with names; give "),
        ({"train": 0.5, "validation": 0.2, "test": 0.2}, "the fractions add up to 0.9; they must"),
        (
            {
                "train": "train[:80%]",
                "validation": {"from": "test", "fraction": 0.5},
                "test": {"from": "train", "fraction": 0.5},
            },
            "validation is carved from test, which has no name; carve from a split that names",
        ),
        (
            {
                "train": "all",
                "validation": {"from": "train", "fraction": 0.5},
                "test": {"from": "train", "fraction": 0.5},
            },
            "the splits carved from train take 1 of it; the sum must be below 1",
        ),
        (
            {"train": "train", "validation": "train", "test": "test"},
            "two splits have the same name; use `{from: SPLIT, fraction: F}`",
        ),
    ],
)
def test_splits_that_do_not_go_together(splits: dict[str, Any], message: str) -> None:
    assert problems(source="digits", splits=splits)["splits"].startswith(message)


def test_the_features_of_tfrecords(tmp_path: Path) -> None:
    features = {"image": "image", "label": "class"}
    tfrecord = DataSettings.model_validate(
        {"source": "tfrecord", "path": str(tmp_path), "tfrecord": features}
    )
    assert tfrecord.tfrecord.text == "image/class/text"
    # As a run passes it on, with the defaults written out.
    folder = DataSettings(path=str(tmp_path)).model_dump_json(by_alias=True)
    assert DataSettings.model_validate_json(folder).source == "folder"
    assert problems(path=str(tmp_path), tfrecord=features) == {
        "tfrecord": "only source tfrecord has it; remove it, or write source: tfrecord"
    }
    missing = {"label_file": f"{tmp_path}/no.txt"}
    assert problems(source="tfrecord", path=str(tmp_path), tfrecord=missing) == {
        "tfrecord.label_file": f"no such file: {tmp_path}/no.txt"
    }


@pytest.mark.parametrize(
    ("text", "span"), [("0012", 12), ("12", 12), ("2026-11-30", 20261130), ("20261130", 20261130)]
)
def test_spans(tmp_path: Path, text: str, span: int) -> None:
    path = f"{tmp_path}/{{SPAN}}"
    settings = DataSettings.model_validate({"path": path, "span": text, "span_marker": "_SUCCESS"})
    assert settings.span == span
    assert DataSettings.model_validate_json(settings.model_dump_json(by_alias=True)) == settings


def test_invalid_spans(tmp_path: Path) -> None:
    path = f"{tmp_path}/{{SPAN}}"
    assert problems(path=path, span="today", span_marker="done/_SUCCESS") == {
        "span": "is neither a number nor a date; write for example 12 or 2026-11-30",
        "span_marker": "is not the name of a file; write for example _SUCCESS",
    }
    assert "remove span_marker" in problems(path=str(tmp_path), span_marker="a")["span_marker"]


def test_groups_of_folders_need_a_pattern(tmp_path: Path) -> None:
    path = str(tmp_path)
    pattern = r"(?P<patient>p\d+)_"
    assert DataSettings(path=path, group="patient", group_pattern=pattern).group == "patient"
    for given in ({}, {"group_pattern": "(?P<burst>.)"}):
        assert problems(path=path, group="patient", **given)["group"].startswith(
            "is not a group of data.group_pattern; write for example (?P<patient>[^/]+)/[^/]+$"
        )
    assert problems(path=path, group_pattern="(p")["group_pattern"].startswith(
        "is not a regular expression: missing )"
    )
    assert problems(path=path, group_pattern="p")["group_pattern"].startswith("names no group")
    for setting in ({"group": "a"}, {"group_pattern": "(?P<a>.)"}, {"exclude": ["a"]}):
        assert set(problems(source="digits", **setting).values()) == {
            "only sources folder and manifest have it; remove it"
        }
