"""Packages that only a test needs, and that the environment could not hold beside its own."""

import subprocess
import sys
from pathlib import Path


def install(folder: Path, *requirements: str) -> None:
    """Puts packages into an empty folder, without what they depend on.

    Args:
        folder: Where to.
        requirements: Lines of a requirements file, each with its hash.
    """
    lines = folder / "requirements.txt"
    lines.write_text("\n".join(requirements))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    options = ["--no-deps", "--require-hashes", "--target", str(folder), "-r", str(lines)]
    subprocess.run([*pip, *options], check=True)
