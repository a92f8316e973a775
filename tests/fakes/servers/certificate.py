"""A self-signed certificate for a test."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate.

    Attributes:
        file: The certificate, which is also its own authority.
        key: Its private key.
    """

    file: Path
    key: Path


def make_certificate(folder: Path, *names: str) -> Certificate:
    """Creates a certificate for servers, `DNS:...` or `IP:...`."""
    program = shutil.which("openssl")
    if not program:
        pytest.skip("needs openssl (Debian's package of that name)")
    folder.mkdir(exist_ok=True)
    certificate = Certificate(folder / "server.pem", folder / "server.key")
    command = [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=image-pipeline", "-addext", f"subjectAltName={','.join(names)}"]
    command += ["-out", str(certificate.file), "-keyout", str(certificate.key)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate
