"""Checks values against Kubeflow Pipelines' published v2beta1 API.

The models of `kfp_server_api` are generated from its Swagger file and name the type of each field.
"""

import re
from datetime import datetime
from typing import Any

import kfp_server_api.models as models
from dateutil.parser import isoparse  # type: ignore[import-untyped]

# int64 in the API: a number, or its digits as proto's JSON writes them.
_INT64 = {"max_concurrency", "interval_second", "long_value", "execution_id"}


class Misfit(Exception):
    """A value does not fit the API; the message says where."""


def check(value: Any, kind: str, where: str = "body") -> None:
    """Checks a value against a type of the API, such as `V2beta1Run`, `str` or `list[str]`."""
    if value is None:
        return
    if match := re.fullmatch(r"list\[(.*)\]", kind):
        _expect(isinstance(value, list), where, "a list", value)
        for number, item in enumerate(value):
            check(item, match[1], f"{where}[{number}]")
    elif match := re.fullmatch(r"dict\(str, (.*)\)", kind):
        _expect(isinstance(value, dict), where, "an object", value)
        for key, item in value.items():
            check(item, match[1], f"{where}.{key}")
    elif kind == "object":
        return
    elif kind == "datetime":
        _expect(isinstance(value, str) and _is_time(value), where, "an RFC 3339 time", value)
    elif kind in ("str", "bool", "int", "float"):
        _check_primitive(value, kind, where)
    else:
        _check_model(value, kind, where)


def _check_model(value: Any, kind: str, where: str) -> None:
    model = getattr(models, kind)
    allowed = getattr(model, "allowable_values", None)
    if allowed is not None:
        _expect(value in allowed, where, f"one of {', '.join(allowed)}", value)
        return
    _expect(isinstance(value, dict), where, "an object", value)
    types = {model.attribute_map[name]: kind for name, kind in model.openapi_types.items()}
    for key, item in value.items():
        if key not in types:
            raise Misfit(f"{where}: {kind} has no field {key!r}")
        check(item, types[key], f"{where}.{key}")


def _check_primitive(value: Any, kind: str, where: str) -> None:
    if where.rpartition(".")[2] in _INT64:
        is_number = type(value) is int or (isinstance(value, str) and value.lstrip("-").isdigit())
        _expect(is_number, where, "an int64", value)
        return
    python = {"str": str, "bool": bool, "int": int, "float": float}[kind]
    _expect(type(value) is python, where, kind, value)


def _is_time(text: str) -> bool:
    try:
        return isinstance(isoparse(text), datetime)
    except ValueError:
        return False


def _expect(fits: bool, where: str, expected: str, value: Any) -> None:
    if not fits:
        raise Misfit(f"{where} is not {expected}: {value!r}")
