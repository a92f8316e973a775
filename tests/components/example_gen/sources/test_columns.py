"""Groups that share a split, and columns that become features of the examples."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.example_gen.sources.columns import infer_types
from components.example_gen.sources.errors import IngestError
from tests.fakes.ingested import Ingested

Ingest = Callable[..., Ingested]
Encode = Callable[..., bytes]
PATIENTS, IMAGES = 12, 5


@pytest.fixture
def patients(tmp_path: Path, encode: Encode) -> Path:
    """Twelve patients with five images each, of both classes, and a manifest of them."""
    rows = ["path,label,patient,age"]
    for patient in range(PATIENTS):
        for number in range(IMAGES):
            label = "benign" if (patient + number) % 2 else "malign"
            path = tmp_path / "data" / label / f"p{patient:02}" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(100 * patient + number))
            rows.append(f"{path.relative_to(tmp_path)},{label},p{patient:02},{40 + patient}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    return tmp_path


def splits_of(result: Ingested) -> dict[bytes, set[str]]:
    splits = defaultdict(set)
    for split in result.split_names:
        for example in result.examples(split):
            splits[example["patient"]].add(split)
    return splits


@pytest.mark.parametrize(
    "texts",
    [
        ("12345678901234567890", "12345678901234567891"),
        ("1.1", "1.10"),
        ("+007", "+07"),
        ("12e3", "120e2"),
    ],
)
def test_texts_that_differ_stay_apart(texts: tuple[str, str]) -> None:
    assert [row["id"] for row in infer_types([{"id": text} for text in texts])] == [*texts]


def test_numbers_are_numbers() -> None:
    rows = infer_types([{"dose": "0.5", "age": "7"}, {"dose": "2", "age": "12"}])
    assert rows == [{"dose": 0.5, "age": 7}, {"dose": 2.0, "age": 12}]


@pytest.mark.parametrize("beam_args", [(), ("--direct_running_mode=in_memory",)])
def test_a_column_of_a_manifest(patients: Path, ingest: Ingest, beam_args: Sequence[str]) -> None:
    path = patients / "manifest.csv"
    result = ingest(path, beam_args, source="manifest", group="patient")
    assert result.summary["accepted"] == PATIENTS * IMAGES
    assert result.summary["groups"] == PATIENTS
    splits = splits_of(result)
    assert len(splits) == PATIENTS
    assert all(len(its) == 1 for its in splits.values())
    for example in result.examples("train"):
        assert example["age"] == 40 + int(example["patient"][1:])


def test_a_part_of_the_path(patients: Path, ingest: Ingest) -> None:
    pattern = r"(?P<patient>p\d+)/(?P<shot>\d+)"
    result = ingest(patients / "data", group_pattern=pattern, group="patient")
    assert all(len(its) == 1 for its in splits_of(result).values())
    assert {example["shot"] for example in result.examples("train")} == set(range(IMAGES))
    ungrouped = ingest(patients / "data", group_pattern=pattern)
    assert any(len(its) > 1 for its in splits_of(ungrouped).values())


def test_more_images_of_a_patient_change_no_split(
    patients: Path, ingest: Ingest, encode: Encode
) -> None:
    settings: dict[str, Any] = {"group_pattern": r"(?P<patient>p\d+)", "group": "patient"}
    before = ingest(patients / "data", **settings)
    for number in range(20):
        (patients / "data/benign/p03" / f"new{number}.png").write_bytes(encode(5000 + number))
    after = ingest(patients / "data", **settings)
    assert splits_of(before) == splits_of(after)


def test_patients_who_share_a_copy_share_a_split(patients: Path, ingest: Ingest) -> None:
    for first, second in zip(range(PATIENTS), range(2, PATIENTS), strict=False):
        label = "benign" if first % 2 else "malign"
        copied = patients / "data" / label / f"p{first:02}" / "0.png"
        (copied.parents[1] / f"p{second:02}" / "copy.png").write_bytes(copied.read_bytes())
    with pytest.raises(IngestError, match="2 of 2 classes have too few images"):
        ingest(patients / "data", group_pattern=r"(?P<patient>p\d+)", group="patient")


def test_a_patient_in_two_given_splits(patients: Path, ingest: Ingest) -> None:
    rows = []
    for number, path in enumerate(sorted((patients / "data").glob("*/*/*.png"))):
        patient = path.parent.name
        split = ("train", "val", "test")[int(patient[1:]) % 3]
        split = "test" if number == 0 else split
        row = {"path": str(path), "label": path.parts[-3], "patient": patient, "split": split}
        rows.append(json.dumps(row))
    (patients / "m.jsonl").write_text("\n".join(rows))
    result = ingest(
        patients / "m.jsonl",
        source="manifest",
        group="patient",
        splits={"train": "train", "validation": "val", "test": "test"},
        max_bad_fraction=0.1,
    )
    [*others] = result.quarantine
    assert {row["reason"] for row in others} == {"group_across_splits"}
    assert {Path(row["path"]).parent.name for row in others} == {"p00"}
    assert len(others) == IMAGES - 1
    assert others[0]["detail"].startswith("group 'p00' is in test: ")


def test_a_group_that_no_image_has(patients: Path, ingest: Ingest) -> None:
    with pytest.raises(IngestError, match="data.group is 'patinet', and no image has a value") as e:
        ingest(patients / "manifest.csv", source="manifest", group="patinet")
    assert e.value.hint == "There are: patient, age."
    with pytest.raises(
        IngestError, match="data.group_pattern '.*' matches no path, for example 'benign/p00"
    ):
        ingest(patients / "data", group_pattern="(?P<patient>q.*)", group="patient")
