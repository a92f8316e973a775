"""`assets.extra/origin.json`: where a version came from, kept in the version itself."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

ORIGIN_FILE = "assets.extra/origin.json"


@dataclass(frozen=True)
class Origin:
    """Where a version came from.

    Attributes:
        model_uri: The Model artifact that it was made from; None if another tool wrote what it is a
            copy of.
        run_id: The run that pushed the model.
        pushed: When the version appeared, in UTC, as ISO 8601.
        copy_of: Number of the version that a rollback made it from, of a copy's copy that of the
            first one, which may be gone; None if a run pushed it.
        withdrawn: Model artifacts that rollbacks took out of service. They are kept in the newest
            version, so that they appear with it and cannot be lost apart from it.
        files: Bytes of each file of the version but this one, by name.
    """

    model_uri: str | None
    run_id: str | None = None
    pushed: str | None = None
    copy_of: int | None = None
    withdrawn: tuple[str, ...] = ()
    files: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """The file's contents."""
        return json.dumps(asdict(self), indent=2).encode() + b"\n"


def parse_origin(contents: bytes) -> Origin:
    """Reads the file's contents; keys that a newer release may add are passed over.

    Raises:
        ValueError: It is no such file.
    """
    tree: Any = json.loads(contents)
    if not isinstance(tree, dict) or "model_uri" not in tree:
        raise ValueError("it names no model")
    files = tree.get("files") or {}
    is_sound = isinstance(files, dict) and all(isinstance(size, int) for size in files.values())
    is_sound = is_sound and isinstance(tree.get("copy_of"), int | None)
    texts = [tree["model_uri"], tree.get("run_id"), tree.get("pushed")]
    if not is_sound or not all(text is None or isinstance(text, str) for text in texts):
        raise ValueError("it has values of another kind")
    return Origin(
        model_uri=tree["model_uri"],
        run_id=tree.get("run_id"),
        pushed=tree.get("pushed"),
        copy_of=tree.get("copy_of"),
        withdrawn=tuple(map(str, tree.get("withdrawn") or ())),
        files=files,
    )
