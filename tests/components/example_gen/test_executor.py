"""The whole ingest, on real files."""

import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from PIL import Image

from components.example_gen.executor import Executor
from components.example_gen.inspection import Checked
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.folders import list_folders
from components.example_gen.sources.listing import Listing
from tests.fakes.image_data import draw_clouds

FOLDERS = {"train": "train", "validation": "val", "test": {"from": "validation", "fraction": 0.5}}

Ingest = Callable[..., Any]
Encode = Callable[..., bytes]
WriteClasses = Callable[..., Path]


def test_writes_every_image_with_its_features(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    data = write_classes(tmp_path / "data")
    result = ingest(data)
    assert result.split_names == ["train", "validation", "test"]
    examples = [example for split in result.split_names for example in result.examples(split)]
    assert len(examples) == 80
    for example in examples:
        contents = (data / example["image/filename"].decode()).read_bytes()
        assert example.pop("image/encoded") == contents
        assert example.pop("image/class/text") == example.pop("image/filename")[:1]
        assert len(example.pop("image/sha256")) == 64
        assert example == {"image/format": b"png", "image/height": 6, "image/width": 8}


def test_counts_add_up(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses, encode: Encode
) -> None:
    data = write_classes(tmp_path / "data", count=100)
    (data / "a" / "broken.jpg").write_bytes(encode(777, "JPEG")[:300])
    (data / "a" / "notes.jpg").write_text("not an image")
    (data / "stray.png").write_bytes(encode(778))
    (data / "a" / ".DS_Store").write_text("ignored, as documented")
    summary = ingest(data, max_bad_fraction=0.05).summary
    assert summary["found"] == 203
    assert summary["accepted"] == 200
    assert summary["quarantined"] == 3
    assert summary["quarantined_by_reason"] == {
        "not_an_image": 1,
        "outside_class_folder": 1,
        "undecodable": 1,
    }
    assert summary["classes"] == {"a": 100, "b": 100}
    assert sum(summary["splits"].values()) == 200
    assert sum(sum(c.values()) for c in summary["classes_by_split"].values()) == 200
    assert summary["span"] is None


@pytest.mark.parametrize("beam_args", [(), ("--direct_running_mode=in_memory",)])
def test_what_is_no_image_is_no_fault(
    beam_args: Sequence[str],
    tmp_path: Path,
    ingest: Ingest,
    write_classes: WriteClasses,
    encode: Encode,
) -> None:
    data = write_classes(tmp_path / "data", count=9)
    others = ["LICENSE.txt", "a/.nojekyll", "a/README", "b/clip.mp4", "labels.csv"]
    for name in others:
        (data / name).write_bytes(b"text, or something else")
    (data / "b" / "clip.mp4").write_bytes(b"\0\0\0\x14ftypisom\0\0\0\0isom")
    (data / "a" / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (data / "a" / "without_suffix").write_bytes(encode(777))
    (data / "b" / "wrong.txt").write_bytes(encode(778))
    result = ingest(data, beam_args, exclude=["*/008.png"])
    assert result.summary["found"] == result.summary["accepted"] == 18
    assert result.quarantine == []
    assert result.summary["ignored"] == others
    assert result.summary["excluded"] == 2


@pytest.mark.parametrize("mode", ["in_memory", "multi_threading"])
def test_same_data_give_the_same_bytes_with_and_without_beam(
    mode: str, tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    data = write_classes(tmp_path / "data")
    first, second = ingest(data), ingest(data, [f"--direct_running_mode={mode}"])
    assert first.summary == second.summary
    for split in first.split_names:
        for one, other in zip(first.shards(split), second.shards(split), strict=True):
            assert one.name == other.name
            assert one.read_bytes() == other.read_bytes()


def test_splits_are_stable_when_data_grow(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    data = write_classes(tmp_path / "data")
    before = ingest(data)
    write_classes(data / "more", labels="ab", seed=7)
    for label in "ab":
        for path in (data / "more" / label).iterdir():
            path.rename(data / label / f"new-{path.name}")
    shutil.rmtree(data / "more")
    after = ingest(data)
    assert after.summary["accepted"] == 160
    for split in before.split_names:
        assert before.names(split) <= after.names(split)


def test_quarantine_lists_what_was_refused(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    data = write_classes(tmp_path / "data")
    (data / "a" / "empty.png").touch()
    (data / "a" / "gone.png").symlink_to(tmp_path / "nowhere")
    os.mkfifo(data / "a" / "pipe.png")
    (data / "a" / os.fsdecode(b"bad-\xff\n.png")).write_bytes(b"BM")
    rows = {row["path"]: row for row in ingest(data, max_bad_fraction=0.1).quarantine}
    assert {name: row["reason"] for name, row in rows.items()} == {
        "a/empty.png": "empty_file",
        "a/gone.png": "unreadable",
        "a/pipe.png": "unreadable",
        "a/bad-\\xff\\n.png": "undecodable",
    }
    assert rows["a/pipe.png"]["detail"] == "is a named pipe, not a regular file"
    assert rows["a/empty.png"] == {
        "path": "a/empty.png",
        "reason": "empty_file",
        "detail": "0 bytes",
        "bytes": 0,
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "label": "a",
        "split": None,
    }


def test_accepts_a_file_name_that_is_not_utf8(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses, encode: Encode
) -> None:
    data = write_classes(tmp_path / "data")
    (data / "a" / os.fsdecode(b"\xff.png")).write_bytes(encode(777))
    assert ingest(data).summary["accepted"] == 81


def test_same_image_under_two_labels_is_a_conflict(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses, encode: Encode
) -> None:
    data = write_classes(tmp_path / "data", count=100)
    (data / "a" / "x.png").write_bytes(encode(777))
    (data / "b" / "y.png").write_bytes(encode(777))
    result = ingest(data)
    assert result.reasons == {"a/x.png": "two_labels", "b/y.png": "two_labels"}
    assert result.quarantine[0]["detail"] == "the same image is labelled 'b': b/y.png"
    assert result.summary["accepted"] == 200


def test_copies_share_a_split(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses, encode: Encode
) -> None:
    data = write_classes(tmp_path / "data")
    for number in range(5):
        for copy in "xyz":
            (data / "a" / f"{copy}{number}.png").write_bytes(encode(5000 + number))
    result = ingest(data)
    assert result.summary["accepted"] == 95
    for number in range(5):
        copies = {f"a/{copy}{number}.png" for copy in "xyz"}
        assert [copies <= result.names(split) for split in result.split_names].count(True) == 1


def test_copies_with_other_metadata_are_copies(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    data = write_classes(tmp_path / "data")
    for number in range(8):
        image = Image.open(data / "a" / f"{number:03d}.png")
        image.save(data / "a" / f"x{number}.bmp")
        image.save(data / "a" / f"y{number}.png", compress_level=number + 1, dpi=(number + 1, 9))
    with Image.open(data / "a" / "020.png") as image:
        image.save(data / "b" / "other_label.bmp")
    result = ingest(data, max_bad_fraction=0.1)
    assert result.reasons == {"a/020.png": "two_labels", "b/other_label.bmp": "two_labels"}
    assert result.summary["copies"] == 16
    for number in range(8):
        copies = {f"a/{number:03d}.png", f"a/x{number}.bmp", f"a/y{number}.png"}
        assert [copies <= result.names(split) for split in result.split_names].count(True) == 1


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 images of two classes, and of each a smaller copy, compressed more."""
    folder = tmp_path_factory.mktemp("clouds")
    for number in range(30):
        image = draw_clouds(number)
        label = folder / "ab"[number % 2]
        label.mkdir(exist_ok=True)
        image.save(label / f"{number}.jpg")
        image.resize((224, 224)).save(label / f"{number}-small.jpg", quality=40)
    return folder


@pytest.mark.parametrize("beam_args", [(), ("--runner=DirectRunner", "--direct_num_workers=2")])
def test_images_that_look_alike_share_a_split(
    clouds: Path, ingest: Ingest, beam_args: Sequence[str]
) -> None:
    result = ingest(clouds, beam_args)
    assert result.summary["near_duplicates"] == 30
    assert result.summary["near_duplicates_across_splits"] == 0
    for split in result.split_names:
        names = result.names(split)
        assert {name.replace("-small", "") for name in names} == {
            name for name in names if "small" not in name
        }
    rows = [json.loads(row) for row in (result.root / "near_duplicates.jsonl").open()]
    assert {frozenset(row["paths"]) for row in rows} == {
        frozenset((f"{label}/{n}.jpg", f"{label}/{n}-small.jpg"))
        for n in range(30)
        for label in "ab"[n % 2]
    }
    assert all(row["bits"] <= 8 and row["labels"][0] == row["labels"][1] for row in rows)


def test_images_that_look_alike_are_only_counted(clouds: Path, ingest: Ingest) -> None:
    summary = ingest(clouds, near_duplicates="warn").summary
    assert summary["near_duplicates"] == 30
    assert summary["near_duplicates_across_splits"] > 5
    off = ingest(clouds, near_duplicates="off").summary
    assert off["near_duplicates"] == 0
    assert off["splits"] == summary["splits"]


def test_a_class_of_images_that_look_alike(tmp_path: Path, ingest: Ingest) -> None:
    for number in range(12):
        for label, cloud in (("a", number), ("b", 99)):
            file = tmp_path / label / f"{number}.jpg"
            file.parent.mkdir(exist_ok=True)
            draw_clouds(cloud).save(file, quality=60 + number)
    with pytest.raises(IngestError) as error:
        ingest(tmp_path)
    assert error.value.hint is not None
    assert error.value.hint.endswith(
        " 11 pairs of their images look alike and share a split; if they are not near-duplicates, "
        "set data.near_duplicates to warn."
    )
    assert ingest(tmp_path, near_duplicates="warn").summary["accepted"] == 24


def test_split_folders_are_taken_as_given(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    write_classes(tmp_path / "data" / "train", count=10, seed=1)
    write_classes(tmp_path / "data" / "val", count=40, seed=2)
    write_classes(tmp_path / "data" / "unlabelled", count=3, seed=3)
    result = ingest(tmp_path / "data", splits=FOLDERS)
    assert result.summary["splits"]["train"] == 20
    assert all(name.startswith("train/") for name in result.names("train"))
    carved = result.names("test")
    assert 25 < len(carved) < 55
    assert all(name.startswith("val/") for name in carved | result.names("validation"))
    assert result.summary["unused"] == ["unlabelled/"]


def test_an_image_in_train_and_test_stays_in_test(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    data = tmp_path / "data"
    for seed, split in enumerate(("train", "val", "test")):
        write_classes(data / split, count=40, seed=seed)
    for number in range(3):
        leaked = f"a/{number:03d}.png"
        shutil.copy(data / "test" / leaked, data / "train" / f"a/leaked-{number}.png")
    splits = {"train": "train", "validation": "val", "test": "test"}
    result = ingest(data, splits=splits, max_bad_fraction=0.02)
    assert result.reasons == {
        f"train/a/leaked-{number}.png": "duplicate_across_splits" for number in range(3)
    }
    assert result.quarantine[0]["detail"] == "the same image is in test: test/a/000.png"
    assert result.quarantine[0]["split"] == "train"
    assert result.summary["splits"]["test"] == 80


def test_shards_are_about_as_large_as_configured(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    data = write_classes(tmp_path / "data", count=100)
    bytes_in_train = ingest(data).shards("train")[0].stat().st_size
    result = ingest(data, shard_bytes=5_000)
    names = [path.name for path in result.shards("train")]
    assert 3 < len(names) < bytes_in_train / 2_000
    assert names[1] == f"data_tfrecord-00001-of-{len(names):05d}.gz"
    assert len(result.examples("train")) == result.summary["splits"]["train"]


def test_too_much_quarantined_stops_with_the_worst(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    data = write_classes(tmp_path / "data", count=50)
    for number in range(12):
        (data / "a" / f"bad{number:02d}.png").touch()
    (data / "b" / "other.psd").write_bytes(b"8BPS and more")
    with pytest.raises(IngestError) as error:
        ingest(data)
    lines = str(error.value).splitlines()
    assert lines[0] == (
        "13 of 113 files cannot be used (11.5%; data.max_bad_fraction allows 1.0%): "
        "12 empty_file, 1 unsupported_format."
    )
    assert lines[2] == "  b/other.psd: unsupported_format (Photoshop; use JPEG, PNG, GIF or BMP)"
    assert len(lines) == 1 + 10 + 1
    hint, listed = lines[-1].split(" All refused files are listed in ")
    assert hint == "Fix or remove these files, or raise data.max_bad_fraction."
    assert len(Path(listed.removesuffix(".")).read_text().splitlines()) == 13


@pytest.mark.parametrize("images", [6, 30])
def test_small_classes_are_in_every_split(
    images: int, tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    for seed in range(3):
        data = write_classes(tmp_path / str(seed), labels="abc", count=images, seed=seed)
        summary = ingest(data).summary
        assert summary["accepted"] == 3 * images
        by_split = [
            summary["classes_by_split"][split][label] for split in FOLDERS for label in "abc"
        ]
        assert min(by_split) >= 2


def test_what_the_graph_cannot_decode_is_converted(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses, encode: Encode
) -> None:
    data = write_classes(tmp_path / "data")
    formats = ["TIFF", "TIFF", "WEBP"]
    for number, name in enumerate(formats):
        (data / "a" / f"other{number}").write_bytes(encode(500 + number, name))
    result = ingest(data)
    summary = result.summary
    assert (summary["found"], summary["accepted"]) == (83, 83)
    assert (summary["converted"], summary["first_frames"]) == ({"TIFF": 2, "WebP": 1}, 0)
    for example in (e for split in result.split_names for e in result.examples(split)):
        contents = (data / example["image/filename"].decode()).read_bytes()
        assert example["image/sha256"].decode() == hashlib.sha256(contents).hexdigest()
        assert example["image/format"] == b"png"
        assert example["image/encoded"].startswith(b"\x89PNG")


def test_too_few_images_of_a_class(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    data = write_classes(tmp_path / "data")
    write_classes(data, labels="cd", count=1, seed=3)
    with pytest.raises(IngestError) as error:
        ingest(data)
    lines = error.value.message.splitlines()
    assert lines[0] == (
        "2 of 4 classes have too few images in a split (data.min_images_per_class is 2):"
    )
    assert len(lines) == 3
    assert re.fullmatch(r"  class 'c' has \d in train, \d in validation, \d in test", lines[1])
    assert error.value.hint == (
        "Add images of these classes until each has 6 different ones, 2 for each split; or remove "
        "these classes, or lower data.min_images_per_class."
    )


def test_too_few_images_of_a_class_in_split_folders(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    for split, labels in (("train", "abc"), ("val", "ab")):
        write_classes(tmp_path / split, labels=labels, count=9, seed=len(labels))
    with pytest.raises(IngestError) as error:
        ingest(tmp_path, splits=FOLDERS)
    assert error.value.message.splitlines() == [
        "1 of 3 classes have too few images in a split (data.min_images_per_class is 2):",
        "  class 'c' has 9 in train, 0 in validation, 0 in test",
    ]
    assert error.value.hint is not None
    assert "or carve these splits out of others" in error.value.hint


def test_pixels_of_the_examples_are_those_of_the_files(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    data = write_classes(tmp_path / "data")
    for example in ingest(data).examples("validation"):
        pixels = tf.io.decode_image(example["image/encoded"]).numpy()
        with Image.open(data / example["image/filename"].decode()) as image:
            assert (pixels == image).all()


def test_malformed_files_among_good_ones(
    shared_dir: Path, tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    data = write_classes(tmp_path / "data", count=40)
    corpus = shared_dir / "data" / "malformed_images"
    files = [path for path in sorted(corpus.glob("*/*")) if path.is_file()]
    for path in files:
        shutil.copy(path, data / "a" / f"{path.parent.name}-{path.name}")
    first = ingest(data, max_bad_fraction=1.0)
    second = ingest(data, max_bad_fraction=1.0)
    assert len(files) == 769
    assert first.summary["found"] + len(first.summary["ignored"]) == 769 + 80
    assert first.summary == second.summary
    assert first.quarantine == second.quarantine
    assert first.summary["quarantined_by_reason"].keys() <= {
        "damaged",
        "empty_file",
        "not_an_image",
        "too_many_pixels",
        "undecodable",
        "unsupported_format",
        "unsupported_pixels",
    }


def test_names_that_are_not_used_may_be_anything(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    for split in ("train", "validation", "test"):
        write_classes(tmp_path / "data" / split, count=2, seed=len(split))
    (tmp_path / "data" / os.fsdecode(b"\xff\x1b[2J")).mkdir()
    result = ingest(
        tmp_path / "data",
        splits={"train": "train", "validation": "validation", "test": "test"},
        min_images_per_class=1,
    )
    assert result.summary["unused"] == ["\\xff\\x1b[2J/"]


def test_the_marker_of_a_span_is_no_image(
    tmp_path: Path, ingest: Ingest, write_classes: WriteClasses
) -> None:
    for span in ("2026-11-29", "2026-11-30"):
        write_classes(tmp_path / span)
    (tmp_path / "2026-11-29" / "_SUCCESS").touch()
    result = ingest(tmp_path / "{SPAN}", span_marker="_SUCCESS")
    assert result.summary["span"] == 20261129
    assert result.summary["found"] == result.summary["accepted"] == 80


@pytest.mark.parametrize("kind", ["content", "listing"])
@pytest.mark.parametrize("goes_again", [False, True], ids=["comes", "comes and goes"])
def test_a_file_that_comes_after_the_fingerprint_fails_the_run(
    tmp_path: Path,
    write_classes: WriteClasses,
    ingest: Ingest,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    goes_again: bool,
) -> None:
    data = write_classes(tmp_path / "data", count=20)
    new = data / "a" / "new.png"
    inspect = Executor._inspect

    def come_and_list(*arguments: Any) -> Listing:
        shutil.copy(data / "b" / "000.png", new)
        return list_folders(*arguments)

    def inspect_and_go(*arguments: Any) -> list[Checked]:
        checked = inspect(*arguments)
        if goes_again:
            new.unlink()
        return checked

    monkeypatch.setattr("components.example_gen.executor.list_folders", come_and_list)
    monkeypatch.setattr(Executor, "_inspect", inspect_and_go)
    expected = "a/new.png" if goes_again else "the files of data.path"
    with pytest.raises(IngestError, match=f"{expected} changed or vanished while the images were"):
        ingest(data, fingerprint=kind)


def test_bytes_that_differ_only_while_they_are_read_fail_the_run(
    tmp_path: Path,
    write_classes: WriteClasses,
    ingest: Ingest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = write_classes(tmp_path / "data", count=20)
    image, inspect = data / "a" / "000.png", Executor._inspect

    def inspect_others(*arguments: Any) -> list[Checked]:
        before = image.read_bytes()
        shutil.copy(data / "a" / "001.png", image)
        checked = inspect(*arguments)
        image.write_bytes(before)
        return checked

    monkeypatch.setattr(Executor, "_inspect", inspect_others)
    with pytest.raises(IngestError, match="changed or vanished while the images were being read"):
        ingest(data)


def test_labels_are_composed_and_stripped(
    tmp_path: Path,
    ingest: Ingest,
    write_classes: WriteClasses,
    encode: Encode,
    caplog: pytest.LogCaptureFixture,
) -> None:
    data = write_classes(tmp_path / "data", count=9)
    folders = ("caf\u00e9", "cafe\u0301", " b", "B")
    for index, folder in enumerate(folders):
        (data / folder).mkdir()
        for number in range(9):
            (data / folder / f"{number}.png").write_bytes(encode(90_000 + 100 * index + number))
    (data / "manifest.jsonl").write_text(
        "\n".join(
            json.dumps({"path": f"{folder}/{path.name}", "label": f"{folder}\t "})
            for folder in ("a", "b", *folders)
            for path in sorted((data / folder).iterdir())
        )
    )
    caplog.set_level(logging.INFO)
    classes = {"a": 9, "b": 18, "B": 9, "caf\u00e9": 18}
    assert ingest(data).summary["classes"] == classes
    assert "the classes 'B' and 'b' differ in upper and lower case only" in caplog.text
    listed = ingest(data / "manifest.jsonl", source="manifest")
    assert listed.summary["classes"] == classes


@pytest.mark.parametrize("beam_args", [(), ("--direct_running_mode=in_memory",)])
def test_any_character_in_a_path(
    beam_args: Sequence[str],
    tmp_path: Path,
    ingest: Ingest,
    write_classes: WriteClasses,
    encode: Encode,
) -> None:
    odd = r"a[b]*?\n {x} %d #1 ~$é'"
    data = write_classes(tmp_path / odd / "data", count=9)
    (data / odd).mkdir()
    for number in range(9):
        (data / odd / f"{number}{odd}.png").write_bytes(encode(70_000 + number))
    result = ingest(data, beam_args)
    assert result.summary["classes"] == {"a": 9, odd: 9, "b": 9}
    assert f"{odd}/8{odd}.png" in set.union(*map(result.names, result.split_names))
    rows = [
        json.dumps({"path": str(path.relative_to(tmp_path)), "label": path.parent.name})
        for path in sorted(data.glob("*/*.png"))
    ]
    (tmp_path / "m.jsonl").write_text("\n".join(rows))
    listed = ingest(tmp_path / "m.jsonl", beam_args, source="manifest")
    assert listed.summary["splits"] == result.summary["splits"]
