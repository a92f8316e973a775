"""ExampleCheck in a pipeline, after ImageStatisticsGen and ImageSchemaGen."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.types import standard_artifacts

from components.example_validator.component import ExampleCheck
from components.example_validator.executor import AnomalyError
from components.schema_gen.component import ImageSchemaGen
from components.statistics_gen.component import ImageStatisticsGen
from components.statistics_gen.options import statistics_options

Rows = list[tuple[str, str, int]]
GOOD: Rows = [("cat", "jpeg", 10), ("dog", "jpeg", 20)]
CURATED = """
feature { name: "image/class/text" type: BYTES domain: "labels" shape { dim { size: 1 } } }
feature { name: "image/format" type: BYTES }
feature { name: "image/height" type: INT }
feature { name: "image/width" type: INT }
string_domain { name: "labels" value: "cat" value: "dog" value: "fox" }
"""

Check = Callable[..., list[str]]


@pytest.fixture
def check(tmp_path: Path, write_split: Callable[[Path, Rows], Path]) -> Check:
    def run(
        validation: Rows,
        on_anomaly: Literal["fail", "warn"] = "fail",
        schema_path: str | None = None,
    ) -> list[str]:
        for split, rows in (("train", GOOD), ("validation", validation)):
            folder = tmp_path / "examples" / f"Split-{split}"
            write_split(folder / "data_tfrecord-00000-of-00001.gz", rows)
        # What ImageExampleGen leaves there must disturb no one.
        (tmp_path / "examples" / "ingest.json").write_text("{}")
        examples = Importer(
            source_uri=str(tmp_path / "examples"),
            artifact_type=standard_artifacts.Examples,
            properties={"split_names": '["train", "validation"]'},
        ).with_id("Examples")
        statistics = ImageStatisticsGen(
            examples=examples.outputs["result"], stats_options=statistics_options()
        )
        schema = ImageSchemaGen(statistics.outputs["statistics"], schema_path)
        example_check = ExampleCheck(
            statistics.outputs["statistics"], schema.outputs["schema"], on_anomaly
        )
        LocalDagRunner().run(
            pipeline.Pipeline(
                "test",
                str(tmp_path / "root"),
                components=[examples, statistics, schema, example_check],
                metadata_connection_config=metadata.sqlite_metadata_connection_config(
                    str(tmp_path / "metadata.db")
                ),
            )
        )
        [found] = (tmp_path / "root" / "ExampleCheck" / "anomalies").glob("*/anomalies.json")
        assert (found.parent / "Split-validation" / "SchemaDiff.pb").is_file()
        return list(json.loads(found.read_text()))

    return run


def test_what_matches_passes(check: Check) -> None:
    assert check(GOOD) == []


def test_a_new_label_stops_the_run(check: Check) -> None:
    with pytest.raises(AnomalyError) as error:
        check([*GOOD, ("fox", "jpeg", 10)])
    assert str(error.value).splitlines() == [
        "the examples do not match the schema:",
        "  validation: image/class/text: Unexpected string values: Examples contain values missing "
        "from the schema: fox (~33%). ",
        "Fix the data, change the schema, or set data.on_anomaly: warn.",
    ]


def test_a_vanished_class_stops_the_run(check: Check) -> None:
    with pytest.raises(AnomalyError, match="validation: image/class/text: class 'dog' .* vanished"):
        check(GOOD[:1])


def test_an_empty_split_stops_the_run(check: Check) -> None:
    with pytest.raises(AnomalyError, match="validation: the split is empty"):
        check([])


def test_warns_only(check: Check) -> None:
    found = check([("cat", "jpeg", 10), ("fox", "jpeg", 10)], on_anomaly="warn")
    assert len(found) == 2
    assert found[0] == "validation: image/class/text: class 'dog' of the schema has vanished"
    assert found[1].startswith("validation: image/class/text: Unexpected string values: ")


def test_a_curated_schema_knows_the_classes(check: Check, tmp_path: Path) -> None:
    path = tmp_path / "schema.pbtxt"
    path.write_text(CURATED)
    found = check(GOOD, on_anomaly="warn", schema_path=str(path))
    assert found == [
        f"{split}: image/class/text: class 'fox' of the schema has vanished"
        for split in ("train", "validation")
    ]
