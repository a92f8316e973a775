"""The base of every section of the configuration."""

from pydantic import BaseModel, ConfigDict


class SecretValueError(ValueError):
    """A mistake in a value that is not shown, because it may contain a password."""


def require_local(path: str | None) -> str | None:
    """Refuses the address of a remote object where only a path will do.

    Raises:
        ValueError: If it is one.
    """
    if path and "://" in path:
        raise ValueError(f"{path} is remote; give a path on this machine, or mount it")
    return path


class Settings(BaseModel):
    """A frozen, strict section of the configuration: unknown keys are errors.

    Every field carries a one-line description, from which docs/configuration.md is made.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )
