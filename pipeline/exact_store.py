"""MLMD over databases for which names that differ only in case may be one name."""

from typing import Any

import ml_metadata as mlmd
from google.protobuf.message import Message

from components.errors import UserError


class ExactStore(mlmd.MetadataStore):
    """A metadata store that does not take one name for another.

    MySQL and MariaDB compare texts without regard to case unless they are told otherwise, and ML
    Metadata's own service, as KFP brings it, keeps all in MySQL. Two models `Pets` and `pets` would
    have one history: each is measured against the other. Only contexts are asked for by name.
    """

    def _call(
        self, method_name: str, request: Message, response: Message, extra_options: Any = None
    ) -> None:
        super()._call(method_name, request, response, extra_options)
        if method_name != "GetContextByTypeAndName":
            return
        asked, found = request.context_name, response.context.name
        if found not in ("", asked):
            raise UserError(
                f"the metadata's database takes {asked} for {found}, which it has already",
                "Choose another name or another database, or have one made that tells such names "
                "apart: CREATE DATABASE ... CHARACTER SET utf8mb4 COLLATE utf8mb4_bin.",
            )
