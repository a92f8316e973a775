"""The `push` section: where models go into service."""

from typing import Annotated

from pydantic import Field
from typing_extensions import Doc

from components.settings import Settings


class PushSettings(Settings):
    """Where blessed models are pushed to."""

    model_name: Annotated[
        str,
        Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$"),
        Doc("text: a letter, then up to 62 letters, digits, - and _"),
    ]
    """Name of the model: its folder under `serving/` and the pipeline's name in the metadata."""
    folder: str | None = None
    """Folder that versions are pushed to, a path or a URL (`gs://...`); empty is
    `WORKSPACE/serving/MODEL_NAME`."""
    keep: Annotated[int, Field(ge=1)] | None = 5
    """Newest versions to keep; older ones are deleted after a push. Empty keeps all. (5: a
    week of nightly pushes; `rollback` needs at least 2.)"""
