"""Where a TFDS dataset is found, and what is said where it is not. No test reaches the network."""

import ast
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import tensorflow_datasets as tfds

from components.example_gen.sources import tfds_folder
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.tfds_folder import find_or_prepare, network_fault

NOWHERE = "https://images.invalid/images.zip"  # RFC 2606: no name ends in .invalid

Encode = Callable[..., bytes]


def failure(name: str, data_dir: Path) -> IngestError:
    with pytest.raises(IngestError) as error:
        find_or_prepare(name, str(data_dir), "Test")
    assert error.value.hint
    return error.value


@pytest.fixture(autouse=True)
def without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would answer for hosts that are not there."""
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def register(encode: Encode) -> Iterator[type[Any]]:
    """A dataset that TFDS knows and that is not prepared yet, with nothing to download."""

    class UnpreparedPets(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("2.0.0")
        url_infos: Any = None

        def _info(self) -> Any:
            features = {
                "image": tfds.features.Image(),
                "label": tfds.features.ClassLabel(names=["cat", "dog"]),
            }
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features)
            )

        def _split_generators(self, dl_manager: Any) -> Any:
            return {"train": self._generate_examples()}

        def _generate_examples(self) -> Any:
            for number in range(4):
                yield number, {"image": BytesIO(encode(number)), "label": number % 2}

    yield UnpreparedPets
    tfds.core.registered._DATASET_REGISTRY.pop("unprepared_pets", None)


@pytest.mark.parametrize("name", ["pets", "Pets", "pets:1.0.0", "pets:1.*.*"])
def test_finds_what_is_prepared(pets: Path, name: str) -> None:
    assert find_or_prepare(name, str(pets), "Test") == str(pets / "pets" / "1.0.0")


def test_prepares_what_is_not(tmp_path: Path, register: type[Any]) -> None:
    folder = find_or_prepare("unprepared_pets", str(tmp_path), "Test")
    assert folder == str(tmp_path / "unprepared_pets" / "2.0.0")
    written = tfds.builder_from_directory(folder).info
    assert written.file_format == tfds.core.FileFormat.TFRECORD
    assert written.splits["train"].num_examples == 4
    assert find_or_prepare("unprepared_pets", str(tmp_path), "Test") == folder


def test_without_a_network(tmp_path: Path, pets: Path, register: type[Any]) -> None:
    register.url_infos = {NOWHERE: None}
    error = failure("unprepared_pets", tmp_path)
    assert error.message.startswith(
        f"the TFDS dataset unprepared_pets is not prepared in {tmp_path}, and cannot be "
        "downloaded: images.invalid does not answer ("
    )
    assert error.hint == (
        f"No dataset is prepared in {tmp_path}. On a machine where it can be downloaded, run\n"
        '  python -c "import tensorflow_datasets as tfds; '
        "tfds.builder('unprepared_pets', data_dir='datasets').download_and_prepare()\"\n"
        f"and copy the folder datasets/unprepared_pets to {tmp_path}/unprepared_pets here, or set "
        "data.path to a copy of datasets."
    )
    assert list(tmp_path.iterdir()) == []
    hint = failure("unprepared_pets", pets).hint
    assert hint is not None and hint.startswith(f"Prepared in {pets}: pets/1.0.0. ")


def test_a_dataset_whose_own_code_fails(
    tmp_path: Path, register: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError("get the images\nby hand")

    monkeypatch.setattr(register, "_split_generators", fail)
    message = failure("unprepared_pets", tmp_path).message
    assert message == (
        f"TFDS could not download and prepare unprepared_pets in {tmp_path}: AssertionError: get "
        "the images by hand."
    )


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("cat_vs_dogs", "does not know it. Did you mean cats_vs_dogs?"),
        ("petz", "does not know it. Did you mean pets?"),
        ("pets:3.0.0", "does not know it."),
        ("mnist:0.1.0", "cannot prepare it: Dataset mnist cannot be loaded at version 0.1.0, only"),
        ("mnist/large", "cannot prepare it: BuilderConfig large not found"),
    ],
)
def test_what_tfds_does_not_have(pets: Path, name: str, problem: str) -> None:
    error = failure(name, pets)
    assert error.message.startswith(f"the TFDS dataset {name} is not in {pets}, and TFDS ")
    assert problem in error.message
    assert error.hint == f"Prepared in {pets}: pets/1.0.0."


@pytest.mark.parametrize("below", ["pets", "pets/1.0.0"])
def test_the_folder_of_one_dataset(pets: Path, below: str) -> None:
    assert failure("pets", pets / below).hint == (
        f"{pets / below} is a dataset itself: data.path is the folder that DATASET/VERSION is in."
    )


def test_a_damaged_description(tmp_path: Path) -> None:
    folder = tmp_path / "pets" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "features.json").write_text("{")
    (folder / "dataset_info.json").write_text("{")
    assert failure("pets", tmp_path).message.startswith(
        f"cannot open the TFDS dataset pets in {tmp_path}: "
    )


def test_hosts_to_download_from() -> None:
    assert network_fault([]) is None
    assert network_fault(["gs://bucket/file"]) is None
    fault = network_fault([NOWHERE, "http://other.invalid/"])
    assert fault is not None and fault.startswith("images.invalid does not answer (")


def test_a_host_that_answers_is_enough() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        answers = f"http://127.0.0.1:{server.server_port}/images.zip"  # with "501 Unsupported"
        assert network_fault([NOWHERE, answers]) is None
        server.shutdown()
        thread.join()


def test_tfds_is_imported_only_where_it_is_used() -> None:
    for file in Path(tfds_folder.__file__).parent.glob("*.py"):
        at_the_top = [node for node in ast.parse(file.read_text()).body if is_import(node)]
        assert not [node for node in at_the_top if "tensorflow_datasets" in ast.unparse(node)]


def is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def test_a_pipe_in_a_dataset_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "pets" / "1.0.0").mkdir(parents=True)
    os.mkfifo(tmp_path / "pets" / "1.0.0" / "dataset_info.json")
    assert "dataset_info.json: is a named pipe" in failure("pets", tmp_path).message
