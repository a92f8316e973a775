"""Google Cloud Storage on this machine: an emulator of its API behind a proxy.

TensorFlow has the URLs of Google's API built in (`https://www.googleapis.com/storage/v1/` and
`https://storage.googleapis.com/`) and ignores `STORAGE_EMULATOR_HOST`. But it uses a proxy, like
Google's own library. The test's proxy answers as Google's hosts, with a certificate that the test's
processes trust.
"""

import contextlib
import http.client
import json
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.packages import install
from tests.fakes.servers.certificate import Certificate, make_certificate
from tests.fakes.servers.database_server import free_port

_EMULATOR = (
    "gcp-storage-emulator==2026.7.19"
    " --hash=sha256:b60145057fdfa7751259f68758c3a1df919f4bf6fad21dd2fa2559b3f6273241"
)
# Workarounds for the emulator. TensorFlow creates a folder with an empty upload, for which the
# emulator sees no body. It sends a file with a Content-Length and in chunks, and the emulator keeps
# the chunk headers as content. The emulator does not send "100 Continue", for which curl waits a
# second, and its upload URLs are http://.
_START = """
import sys
from gcp_storage_emulator import server

read = server._read_data

def read_upload(handler, query):
    if "chunked" in handler.headers.get("Transfer-Encoding", ""):
        del handler.headers["Content-Length"]
    data = read(handler, query)
    return b"" if data is None and query.get("uploadType") == ["media"] else data

server._read_data = read_upload
server.Request.base_url = property(lambda request: "https://" + request.get_header("Host"))
server.Request.full_url = property(lambda request: request.base_url + request._path)
server.RequestHandler.protocol_version = "HTTP/1.1"
# With HTTP/1.1 connections stay open, and must not block each other.
server.server.HTTPServer = server.server.ThreadingHTTPServer
port, bucket = sys.argv[1:]
server.create_server("127.0.0.1", int(port), in_memory=True, default_bucket=bucket).run()
"""
_HOSTS = ("www.googleapis.com", "storage.googleapis.com")
_START_SECONDS = 60.0
_BUCKET = "bucket"


@dataclass(frozen=True)
class GoogleStorage:
    """A running emulator with one empty bucket, `gs://bucket`.

    Attributes:
        port: Its port on 127.0.0.1, without TLS.
        environment: Environment variables for processes that use it.
    """

    port: int
    environment: Mapping[str, str]

    def sizes(self) -> dict[str, int]:
        """Sizes in bytes of the objects in the bucket, by name."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", f"/storage/v1/b/{_BUCKET}/o")
        items = json.load(connection.getresponse()).get("items", [])
        return {item["name"]: int(item["size"]) for item in items}


@contextlib.contextmanager
def run_google_storage() -> Iterator[GoogleStorage]:
    """Starts an emulator and its proxy, and stops them."""
    with tempfile.TemporaryDirectory(prefix="google-storage-") as name:
        folder = Path(name)
        install(folder, _EMULATOR)
        certificate = make_certificate(folder, *(f"DNS:{host}" for host in _HOSTS))
        port = free_port()
        command = [sys.executable, "-c", _START, str(port), _BUCKET]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, env={"PYTHONPATH": str(folder)}, stdout=log, stderr=log
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.file, certificate.key)
        try:
            _wait(port, process, folder / "log")
            with _Proxy(port, context) as proxy:
                threading.Thread(target=proxy.serve_forever, daemon=True).start()
                address = f"http://127.0.0.1:{proxy.server_address[1]}"
                environment = {
                    "HTTPS_PROXY": address,
                    "GOOGLE_APPLICATION_CREDENTIALS": _make_account(folder, certificate, address),
                    "CURL_CA_BUNDLE": str(certificate.file),
                    "REQUESTS_CA_BUNDLE": str(certificate.file),
                    "GOOGLE_AUTH_TOKEN_FOR_TESTING": "anyone",
                }
                try:
                    yield GoogleStorage(port, environment)
                finally:
                    proxy.shutdown()
        finally:
            process.kill()
            process.wait()


def _make_account(folder: Path, certificate: Certificate, address: str) -> str:
    """A service account, for Google's library; TensorFlow has the variable for tests."""
    account = {
        "type": "service_account",
        "client_email": "nodes@image-pipeline.test",
        "private_key": certificate.key.read_text(),
        "token_uri": f"{address}/token",
    }
    file = folder / "account.json"
    file.write_text(json.dumps(account))
    return str(file)


class _Proxy(socketserver.ThreadingTCPServer):
    """Accepts `CONNECT HOST:443` and answers as that host; grants any token request."""

    daemon_threads = True

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self.emulator, self.context = port, context
        super().__init__(("127.0.0.1", 0), _Connection)


class _Connection(socketserver.StreamRequestHandler):
    server: _Proxy
    # Unbuffered: what follows the request is the client's TLS.
    rbufsize = 0

    def handle(self) -> None:
        method, target, _ = self.rfile.readline().decode().split()
        while self.rfile.readline().strip():
            pass
        if method == "POST":
            token = b'{"access_token": "anyone", "expires_in": 3600, "token_type": "Bearer"}'
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(token))
            self.wfile.write(token)
            return
        if target.partition(":")[0] not in _HOSTS:
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with (
            contextlib.suppress(OSError),
            self.server.context.wrap_socket(self.connection, server_side=True) as client,
            socket.create_connection(("127.0.0.1", self.server.emulator)) as emulator,
        ):
            answers = threading.Thread(target=_copy, args=(emulator, client), daemon=True)
            answers.start()
            _copy(client, emulator)
            answers.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(2**16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _wait(port: int, process: subprocess.Popen[Any], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text(errors="replace"))
