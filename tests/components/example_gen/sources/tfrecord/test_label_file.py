"""Files that name numbered classes, as the tools around TensorFlow write them."""

from pathlib import Path

import pytest

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.tfrecord.label_file import read_label_file

# As TensorFlow's Object Detection API has it in mscoco_label_map.pbtxt and pet_label_map.pbtxt.
LABEL_MAP = """
# a comment: with { braces
item {
  name: "/m/01g317"
  id: 1
  display_name: "person"
}
item {
  id: 2
  name: 'yorkshire \\'terrier\\' {tiny}'
}
item { id: 17 name: "S\\303\\244nger" keypoints { id: 3 label: "nose" } }
"""


def write(tmp_path: Path, text: str, name: str = "labels.txt") -> str:
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("daisy\nroses\n", {0: "daisy", 1: "roses"}),  # TFDS: label.labels.txt
        ("0:daisy\n1:roses\n", {0: "daisy", 1: "roses"}),  # TF-Slim: labels.txt
        ("1: daisy\r\n4: big roses\r\n", {1: "daisy", 4: "big roses"}),
        ("0 daisy\n1 roses", {0: "daisy", 1: "roses"}),
        ("7 up\ncola\n", {0: "7 up", 1: "cola"}),  # names, since not every line has a number
        ("\ufeffdaisy\nroses\n\n", {0: "daisy", 1: "roses"}),
        ("3\n5\n", {0: "3", 1: "5"}),
    ],
)
def test_lines(tmp_path: Path, text: str, names: dict[int, str]) -> None:
    assert read_label_file(write(tmp_path, text)) == names


def test_a_label_map(tmp_path: Path) -> None:
    names = read_label_file(write(tmp_path, LABEL_MAP, "label_map.pbtxt"))
    assert names == {1: "person", 2: "yorkshire 'terrier' {tiny}", 17: "Sänger"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "contains no class names"),
        ("a\n\nb\n", r"has names that cannot be labels: \[''\]"),
        ("a\nb\na\n", "has a duplicate number or name"),
        ("0:a\n0:b\n", "has a duplicate number or name"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(IngestError, match=message) as error:
        read_label_file(write(tmp_path, text))
    assert "labels.txt" in error.value.message


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin1.txt").write_bytes(b"S\xe4nger\n")
    for name in ("latin1.txt", "gone.txt"):
        with pytest.raises(IngestError, match=rf"cannot read data.tfrecord.label_file .*{name}"):
            read_label_file(str(tmp_path / name))
