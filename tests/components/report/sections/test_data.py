import json
from pathlib import Path

import pytest

from components.feature_keys import HEIGHT, WIDTH
from components.report.inputs.run_facts import RunFacts
from components.report.inputs.sources import Sources
from components.report.sections.data import MOST_CLASSES, read_data
from tests.components.report.conftest import SPLITS, describe_ingest, write_json, write_statistics


def sources(root: Path, *keys: str) -> Sources:
    folders = {key: str(root / key) for key in keys}
    return Sources(RunFacts(pipeline="p", run_id="r"), folders=folders)


def test_counts_formats_and_sizes(tmp_path: Path) -> None:
    write_json(tmp_path / "examples" / "ingest.json", describe_ingest(["a", "b"]))
    write_statistics(tmp_path / "statistics", {"a": 1, "b": 1}, (30, 40))
    data = read_data(sources(tmp_path, "examples", "statistics"))
    assert data.splits == {split: 2 * number for split, number in SPLITS.items()}
    assert [(row.name, row.by_split, row.total) for row in data.classes] == [
        ("a", [8, 2, 4], 14),
        ("b", [8, 2, 4], 14),
    ]
    assert data.formats == {"png": [16, 4, 8]}
    size = data.statistics["train"].sizes[WIDTH]
    assert (size.smallest, size.largest) == (30, 40)
    assert sum(size.counts) == pytest.approx(16)
    assert len(size.edges) == len(size.counts) + 1
    assert [chart.file for chart in data.charts] == ["widths.png", "heights.png"]
    assert data.anomalies is None


def test_images_of_one_size_have_no_chart(tmp_path: Path) -> None:
    write_statistics(tmp_path / "statistics", {"a": 1}, (8,))
    data = read_data(sources(tmp_path, "statistics"))
    assert data.statistics["test"].sizes[HEIGHT].median == 8
    assert data.charts == []
    # Without `ingest.json`, the counts of the statistics are shown.
    assert data.splits == SPLITS


def test_of_many_classes_the_most_and_the_least_frequent(tmp_path: Path) -> None:
    counts = {f"{number:04}": number + 1 for number in range(1000)}
    ingest = {**describe_ingest([]), "classes_by_split": {"train": counts, "test": {"0000": 1}}}
    write_json(tmp_path / "examples" / "ingest.json", ingest)
    data = read_data(sources(tmp_path, "examples"))
    assert data.number_of_classes == 1000
    names = [row.name for row in data.classes]
    assert len(names) == MOST_CLASSES
    assert (names[0], names[14]) == ("0999", "0985")
    assert (names[15], names[-1]) == ("0014", "0001")
    assert data.classes[0].bar == 1


@pytest.mark.parametrize(("total", "shown"), [(0, 0), (1, 1), (50, 20)])
def test_anomalies_and_quarantine(tmp_path: Path, total: int, shown: int) -> None:
    write_json(tmp_path / "anomalies" / "anomalies.json", [f"anomaly {n}" for n in range(total)])
    lines = [json.dumps({"path": f"{n}.jpg", "reason": "truncated"}) for n in range(total)]
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "quarantine.jsonl").write_text("\n".join(lines))
    data = read_data(sources(tmp_path, "examples", "anomalies"))
    assert data.anomalies == [f"anomaly {n}" for n in range(shown)]
    assert data.number_of_anomalies == total
    assert [line["path"] for line in data.quarantined] == [f"{n}.jpg" for n in range(shown)]


def test_missing_outputs(tmp_path: Path) -> None:
    data = read_data(sources(tmp_path, "examples"))
    assert data.number_of_classes == 0 and data.anomalies is None and data.quarantined == []
