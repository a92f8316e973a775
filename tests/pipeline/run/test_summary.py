import json
from typing import Any

import pytest

from pipeline.run.summary import Summary, print_schema


def test_every_field_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    print_schema()
    schema = json.loads(capsys.readouterr().out)
    objects: list[dict[str, Any]] = [schema, *schema["$defs"].values()]
    undescribed = [
        f"{item['title']}.{name}"
        for item in objects
        for name, field in item.get("properties", {}).items()
        if "description" not in field
    ]
    assert undescribed == []


def test_the_schema_names_what_is_promised() -> None:
    schema = Summary.model_json_schema(mode="serialization")
    assert schema["properties"]["outcome"]["enum"] == ["pushed", "refused", "unchanged", "failed"]
    assert schema["properties"]["schema_version"]["const"] == 1
    assert set(schema["required"]) == set(Summary.model_fields)
