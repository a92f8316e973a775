"""What a cached result depends on besides its inputs and parameters: our own code."""

import hashlib
from pathlib import Path


def fingerprint_code(package: str, without: str | None = None) -> str:
    """SHA-256 over the Python files of one of our packages.

    Args:
        package: Name of a folder beside this one, e.g. `trainer`.
        without: Name of a folder in it that does not count.
    """
    root = Path(__file__).parent.parent
    left_out = root / package / without if without else None
    files = [file for file in (root / package).rglob("*.py") if left_out not in file.parents]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(root)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
