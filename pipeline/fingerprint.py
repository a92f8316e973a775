"""What a cached result depends on besides its inputs and parameters: our own code."""

import hashlib
from pathlib import Path


def fingerprint_code(*packages: str) -> str:
    """SHA-256 over the Python files of some of our packages.

    Args:
        *packages: Names of folders beside this one, e.g. `trainer` or `components/transform`.
    """
    root = Path(__file__).parent.parent
    files = sorted(file for package in packages for file in (root / package).rglob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(root)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
