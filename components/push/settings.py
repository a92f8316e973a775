"""The `push` section: where models go into service."""

from typing import Annotated

from pydantic import AfterValidator, Field
from typing_extensions import Doc

from components.settings import Settings, require_local


class PushSettings(Settings):
    """Where a blessed model appears."""

    model_name: Annotated[
        str,
        Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$"),
        Doc("text: a letter, then up to 62 letters, digits, - and _"),
    ]
    """Name of the model: its folder under `serving/` and the pipeline's name in the metadata."""
    folder: Annotated[str | None, AfterValidator(require_local)] = None
    """Folder that versions are pushed to; empty is `WORKSPACE/serving/MODEL_NAME`."""
