"""MLMD over MySQL, where names that differ only in case are one name."""

from typing import Any

import ml_metadata as mlmd
from google.protobuf.message import Message

from components.errors import UserError


class MySQLStore(mlmd.MetadataStore):
    """A metadata store that does not take one name for another.

    MySQL and MariaDB compare texts without regard to case unless they are told otherwise. Two
    models `Pets` and `pets` would have one history: each is measured against the other.
    """

    def _call(
        self, method_name: str, request: Message, response: Message, extra_options: Any = None
    ) -> None:
        super()._call(method_name, request, response, extra_options)
        kind = _BY_NAME.get(method_name)
        if kind is None:
            return
        asked, found = getattr(request, f"{kind}_name"), getattr(response, kind).name
        if found not in ("", asked):
            raise UserError(
                f"the metadata's database takes {asked} for {found}, which it has already",
                "Choose another name or another database, or have one made that tells such names "
                "apart: CREATE DATABASE ... CHARACTER SET utf8mb4 COLLATE utf8mb4_bin.",
            )


_BY_NAME = {
    "GetArtifactByTypeAndName": "artifact",
    "GetExecutionByTypeAndName": "execution",
    "GetContextByTypeAndName": "context",
}
