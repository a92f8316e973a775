"""`kubeflow.metadata`: the metadata store that all tasks share."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator
from typing_extensions import Doc

from components.errors import UserError
from components.settings import SecretValueError, Settings
from pipeline.config.kubeflow.kubernetes_types import ObjectName, SecretKey
from pipeline.metadata.url import parse_metadata_url

_STORES = (
    "give postgresql://HOST[:PORT]/DATABASE, mysql://HOST[:PORT]/DATABASE, or grpc://HOST:PORT for "
    "an ML Metadata server"
)


def check_metadata_url(url: str) -> str:
    """Accepts the URL of a metadata store that several pods can use, without credentials.

    Raises:
        SecretValueError: It contains a user or a password, or is invalid.
        ValueError: It is an SQLite file.
    """
    if re.search(r"@|\b(user|passw)\w*=", url):
        raise SecretValueError(
            "contains a user or a password; put them into a secret, and name it in "
            "kubeflow.metadata.secret"
        )
    if url.startswith("sqlite:"):
        raise ValueError(f"SQLite is for one machine, and several pods write at once; {_STORES}")
    try:
        parse_metadata_url(url)
    except UserError as error:
        # The part that is invalid may be a password: postgresql://me:password/database.
        raise SecretValueError(f"{error.message}; {_STORES}") from None
    return url


class ClusterMetadataSettings(Settings):
    """The metadata store that all tasks of all runs share: executions, their inputs and outputs."""

    url: Annotated[
        str,
        AfterValidator(check_metadata_url),
        Doc("postgresql://HOST[:PORT]/DATABASE, mysql://HOST[:PORT]/DATABASE or grpc://HOST:PORT"),
    ] = "grpc://metadata-grpc-service.kubeflow:8080"
    """URL without credentials; the default is the store that KFP deploys, in versions with one."""
    secret: ObjectName | None = None
    """Secret with the database's user and password."""
    user_key: SecretKey = "username"
    """Key of the user in the secret."""
    password_key: SecretKey = "password"
    """Key of the password in the secret."""
    secret_as: Literal["env", "files"] = "env"
    """How tasks get the credentials: as environment variables, or as mounted files."""

    @model_validator(mode="after")
    def _secret_fits(self) -> "ClusterMetadataSettings":
        if self.secret and self.url.startswith("grpc://"):
            raise ValueError("secret: an ML Metadata server (grpc://) needs none; remove it")
        if not self.secret and not self.url.startswith("grpc://"):
            raise ValueError(
                "secret: is needed; name the secret with the database's user and password"
            )
        return self
