"""Model servers that keep to the contracts, and images for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.models.pushed_model import write_image
from tests.fakes.servers.model_servers import answer_kserve, answer_rest, serve_grpc, serve_http


@pytest.fixture(scope="module")
def rest_server() -> Iterator[str]:
    """Address of a server with TensorFlow Serving's REST contract."""
    yield from serve_http(answer_rest)


@pytest.fixture(scope="module")
def kserve_server() -> Iterator[str]:
    """Address of a server with KServe's v2 protocol."""
    yield from serve_http(answer_kserve)


@pytest.fixture(scope="module")
def grpc_server() -> Iterator[str]:
    """Address of a server with TensorFlow Serving's gRPC contract."""
    yield from serve_grpc()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A red image, one that cannot be decoded, and a blue one."""
    folder = tmp_path_factory.mktemp("images")
    red, blue = (write_image(folder / f"{name}.png", name) for name in ("red", "blue"))
    (folder / "cut.png").write_bytes(red.read_bytes()[:90])
    return [red, folder / "cut.png", blue]


@pytest.fixture(scope="module")
def images(files: list[Path]) -> list[bytes]:
    """Their bytes."""
    return [file.read_bytes() for file in files]
