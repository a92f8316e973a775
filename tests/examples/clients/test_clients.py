"""What every client does alike, whatever the protocol."""

import socket
import subprocess
import sys
from pathlib import Path

import grpc_serving
import kserve
import pytest
import rest
from client import ClientError, Predict

from pipeline.predict.saved_model import LoadedModel
from tests.fakes.models.pushed_model import exported_model
from tests.fakes.servers.model_servers import MODEL
from tests.repository import REPOSITORY

CLIENTS: dict[str, Predict] = {
    "rest_server": rest.predict,
    "grpc_server": grpc_serving.predict,
    "kserve_server": kserve.predict,
}


@pytest.fixture(params=CLIENTS)
def protocol(request: pytest.FixtureRequest) -> tuple[Predict, str]:
    """A client's `predict`, and the address of a server that speaks its protocol."""
    return CLIENTS[request.param], request.getfixturevalue(request.param)


def test_answers_are_those_of_predict(protocol: tuple[Predict, str], images: list[bytes]) -> None:
    predict, address = protocol
    predictions = predict(address, MODEL, images)
    expected = LoadedModel(exported_model()).predict(images)
    assert predictions[1] is None and isinstance(expected[1], str)
    for row, label in ((0, "red"), (2, "blue")):
        answer, same = predictions[row], expected[row][0]
        assert answer and not isinstance(same, str)
        assert answer.label == same.label == label
        assert answer.score == pytest.approx(same.score, abs=1e-7)


def test_no_images_have_no_answers(protocol: tuple[Predict, str]) -> None:
    predict, address = protocol
    assert predict(address, MODEL, []) == []


def test_many_megabytes_go_through(protocol: tuple[Predict, str], images: list[bytes]) -> None:
    predict, address = protocol
    # What follows the end of a PNG is passed over.
    answers = predict(address, MODEL, [images[0] + bytes(2 * 1024**2)] * 4)
    assert [one.label for one in answers if one] == ["red"] * 4


def test_an_unknown_model_is_reported(protocol: tuple[Predict, str], images: list[bytes]) -> None:
    predict, address = protocol
    with pytest.raises(ClientError, match=r"refuses the request \((404|NOT_FOUND)\): .*not found"):
        predict(address, "other", images)


def test_an_unreachable_server_is_reported(protocol: tuple[Predict, str]) -> None:
    predict, address = protocol
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        free = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ClientError, match="no response from|UNAVAILABLE"):
            predict(f"http://{free}" if address.startswith("http") else free, MODEL, [b""])


def test_it_can_be_started(rest_server: str, files: list[Path]) -> None:
    result = subprocess.run(
        [sys.executable, "examples/clients/rest.py", rest_server, MODEL, *map(str, files)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=300,
    )
    assert result.returncode == 1
    first, second, third = result.stdout.splitlines()
    assert first.startswith(f"{files[0]}: red ") and third.startswith(f"{files[2]}: blue ")
    assert second == f"{files[1]}: cannot be decoded"
    assert result.stderr == ""
