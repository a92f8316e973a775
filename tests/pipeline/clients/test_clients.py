"""What every client does alike, whatever the protocol."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.clients import grpc, kserve, rest
from pipeline.clients.answers import ClientError
from pipeline.clients.command import Ask
from pipeline.predict.saved_model import LoadedModel
from tests.fakes.models.pushed_model import exported_model
from tests.pipeline.clients.conftest import MODEL
from tests.repository import REPOSITORY

ASK: dict[str, Ask] = {
    "rest_server": rest.ask,
    "grpc_server": grpc.ask,
    "kserve_server": kserve.ask,
}


@pytest.fixture(params=ASK)
def protocol(request: pytest.FixtureRequest) -> tuple[Ask, str]:
    """A client's `ask`, and the address of a server that speaks its protocol."""
    return ASK[request.param], request.getfixturevalue(request.param)


def test_answers_are_those_of_predict(protocol: tuple[Ask, str], images: list[bytes]) -> None:
    ask, address = protocol
    told = ask(address, MODEL, images)
    expected = LoadedModel(exported_model()).predict(images)
    assert told[1] is None and isinstance(expected[1], str)
    for row, label in ((0, "red"), (2, "blue")):
        answer, same = told[row], expected[row][0]
        assert answer and not isinstance(same, str)
        assert answer.label == same.label == label
        assert answer.score == pytest.approx(same.score, abs=1e-7)


def test_no_images_have_no_answers(protocol: tuple[Ask, str]) -> None:
    ask, address = protocol
    assert ask(address, MODEL, []) == []


def test_many_megabytes_go_through(protocol: tuple[Ask, str], images: list[bytes]) -> None:
    ask, address = protocol
    # What follows the end of a PNG is passed over.
    answers = ask(address, MODEL, [images[0] + bytes(2 * 1024**2)] * 4)
    assert [one.label for one in answers if one] == ["red"] * 4


def test_an_unknown_model_is_told(protocol: tuple[Ask, str], images: list[bytes]) -> None:
    ask, address = protocol
    with pytest.raises(ClientError, match=r"refuses the request \((404|NOT_FOUND)\): .*not found"):
        ask(address, "other", images)


def test_a_server_that_is_not_there_is_told(protocol: tuple[Ask, str]) -> None:
    ask, address = protocol
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        free = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ClientError, match="no answer from|UNAVAILABLE"):
            ask(f"http://{free}" if address.startswith("http") else free, MODEL, [b""])


def test_it_can_be_started(rest_server: str, files: list[Path]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pipeline.clients.rest", rest_server, MODEL, *map(str, files)],
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
