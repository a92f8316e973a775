"""Checks JSON against the models that are generated from an API's published schemas."""

import re
from types import ModuleType
from typing import Any

from kubernetes import client


def check_model(value: Any, kind: str, where: str, models: ModuleType = client) -> None:
    """Checks JSON against a model, unknown keys and types included.

    Args:
        value: The JSON.
        kind: Name of the model, or a type as models write it: `list[V1Container]`.
        where: Name of the value in messages.
        models: Has the models that the Kubernetes client does not have.

    Raises:
        ValueError: It does not fit.
    """
    if kind.startswith("list["):
        _expect(isinstance(value, list), where, kind)
        for index, item in enumerate(value):
            check_model(item, kind[5:-1], f"{where}[{index}]", models)
    elif kind.startswith("dict("):
        _expect(isinstance(value, dict), where, kind)
        for key, item in value.items():
            check_model(item, kind[5:-1].split(", ", 1)[1], f"{where}.{key}", models)
    elif kind in ("str", "int", "bool", "float"):
        _expect(type(value).__name__ == kind, where, kind)
    elif kind not in ("object", "datetime"):
        _check_fields(value, kind, where, models)


def _check_fields(value: Any, kind: str, where: str, models: ModuleType) -> None:
    model = getattr(client if hasattr(client, kind) else models, kind)
    _expect(isinstance(value, dict), where, model.__name__)
    names = {spelled: name for name, spelled in model.attribute_map.items()}
    unknown = value.keys() - names.keys()
    if unknown:
        raise ValueError(f"{where}: {model.__name__} has no {', '.join(sorted(unknown))}")
    for key, item in value.items():
        check_model(item, model.openapi_types[names[key]], f"{where}.{key}", models)
    try:
        # The constructor checks required fields.
        model(**{names[key]: item for key, item in value.items()})
    except ValueError as error:
        raise ValueError(f"{where}: {re.sub(r'`', '', str(error))}") from error


def _expect(is_valid: bool, where: str, kind: str) -> None:
    if not is_valid:
        raise ValueError(f"{where}: is not a {kind}")
