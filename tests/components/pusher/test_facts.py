"""What the Pusher reports, read from its artifact."""

from typing import Any

import pytest
from tfx.types import standard_artifacts

from components.pusher.facts import PusherFacts


@pytest.mark.parametrize(
    ("properties", "facts"),
    [
        (
            {"pushed": 1, "is_new": 1, "pushed_version": "7", "pushed_destination": "serving/7"},
            {"pushed": True, "is_new": True, "withdrawn": False, "version": 7, "path": "serving/7"},
        ),
        (
            {"pushed": 1, "is_new": 0, "pushed_version": "7", "pushed_destination": "serving/7"},
            {
                "pushed": True, "is_new": False, "withdrawn": False, "version": 7,
                "path": "serving/7",
            },
        ),
        (
            {
                "pushed": 0, "withdrawn": 1, "in_service_version": "6",
                "in_service_path": "serving/6",
            },
            {
                "pushed": False, "is_new": False, "withdrawn": True, "version": 6,
                "path": "serving/6",
            },
        ),
        (
            {"pushed": 0},
            {"pushed": False, "is_new": False, "withdrawn": False, "version": None, "path": None},
        ),
    ],
    ids=["new", "in service already", "withdrawn", "refused"],
)  # fmt: skip
def test_reads_the_properties_of_a_push(properties: dict[str, Any], facts: dict[str, Any]) -> None:
    artifact = standard_artifacts.PushedModel()
    for key, value in properties.items():
        if isinstance(value, int):
            artifact.set_int_custom_property(key, value)
        else:
            artifact.set_string_custom_property(key, value)
    assert PusherFacts.read({"pushed_model": [artifact]}).model_dump() == facts
