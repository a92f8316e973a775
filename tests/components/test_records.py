"""Files of a split are found by their folder, whatever its name, and read in one order."""

from pathlib import Path

import pytest
import tensorflow as tf

from components.records import list_record_files, open_records


@pytest.mark.parametrize(("ending", "compression"), [(".gz", "GZIP"), ("", "")])
def test_records_of_all_files_come_in_order(ending: str, compression: str, tmp_path: Path) -> None:
    folder = tmp_path / "run[1]*" / "Split-train"
    (folder / "beside").mkdir(parents=True)
    for number in (2, 0, 1):
        with tf.io.TFRecordWriter(str(folder / f"data-{number}{ending}"), compression) as writer:
            for index in range(2):
                writer.write(f"{number}-{index}".encode())
    files = list_record_files(str(folder))
    assert [Path(file).name for file in files] == [f"data-{n}{ending}" for n in range(3)]
    records = list(open_records(files).as_numpy_iterator())
    assert records == [f"{n}-{index}".encode() for n in range(3) for index in range(2)]


def test_a_split_without_a_folder_is_empty(tmp_path: Path) -> None:
    assert list_record_files(str(tmp_path / "nowhere")) == []
    assert list(open_records([])) == []
