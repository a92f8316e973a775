"""Drift, compared with results by hand and with TFDV's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2

from components.feature_keys import HEIGHT, LABEL, WIDTH
from components.report.inputs.run_facts import PreviousRun, RunFacts
from components.report.inputs.sources import Sources
from components.report.inputs.statistics import read_statistics
from components.report.sections.drift import measure, read_drift
from tests.components.report.conftest import SPLITS, write_statistics


def sources(now: Path, run: RunFacts) -> Sources:
    return Sources(run, folders={"statistics": str(now)})


def run_facts(before: Path | None, previous: str | None = "r1") -> RunFacts:
    other = PreviousRun(run_id="r1", statistics=str(before)) if before else None
    return RunFacts(pipeline="p", run_id="r2", previous_run_id=previous, other=other)


def test_labels_by_the_largest_change_of_a_share(tmp_path: Path) -> None:
    before = write_statistics(tmp_path / "before", {"a": 5, "b": 5})
    now = write_statistics(tmp_path / "now", {"a": 2, "b": 5, "c": 3})
    drift = read_drift(sources(now, run_facts(before)))
    assert drift is not None and not drift.is_same
    assert drift.compared_run_id == "r1"
    assert [row.split for row in drift.splits] == list(SPLITS)
    assert [row.now for row in drift.splits] == [number * 10 for number in SPLITS.values()]
    for row in drift.splits:
        # Largest of |0.2 - 0.5|, |0.5 - 0.5| and |0.3 - 0|.
        assert row.distances[LABEL] == pytest.approx(0.3)
        assert row.distances[WIDTH] == pytest.approx(0, abs=1e-6)
    assert [(row.name, row.before, row.now) for row in drift.classes] == [
        ("a", 0.5, 0.2),
        ("c", 0, 0.3),
    ]
    assert drift.classes[0].change == pytest.approx(-0.3)


def test_sizes_by_the_divergence_of_their_histograms(tmp_path: Path) -> None:
    before = read_statistics(str(write_statistics(tmp_path / "before", {"a": 1}, (30, 40))))
    same = read_statistics(str(write_statistics(tmp_path / "same", {"a": 1}, (30, 40))))
    other = read_statistics(str(write_statistics(tmp_path / "other", {"a": 1}, (300, 400))))
    assert measure(before["train"], same["train"])[HEIGHT] == pytest.approx(0, abs=1e-6)
    assert measure(before["train"], other["train"])[HEIGHT] == pytest.approx(1, abs=1e-6)


def test_a_single_value_is_compared_with_its_bucket(tmp_path: Path) -> None:
    alike = read_statistics(str(write_statistics(tmp_path / "alike", {"a": 1}, (8,))))["train"]
    again = read_statistics(str(write_statistics(tmp_path / "again", {"a": 1}, (8,))))["train"]
    half = read_statistics(str(write_statistics(tmp_path / "half", {"a": 1}, (8, 16))))["train"]
    larger = read_statistics(str(write_statistics(tmp_path / "larger", {"a": 1}, (16,))))["train"]
    assert measure(alike, again)[HEIGHT] == 0
    assert measure(alike, larger)[HEIGHT] == 1
    # (1, 0) and (1/2, 1/2): 1/2 log2(4/3) + 1/4 log2(2/3) + 1/4 log2(2).
    assert measure(alike, half)[HEIGHT] == pytest.approx(0.3113, abs=1e-3)
    assert measure(half, larger)[HEIGHT] == pytest.approx(0.3113, abs=1e-3)


def test_it_agrees_with_tfdv(tmp_path: Path) -> None:
    """On distributions that both can measure, with different buckets."""
    sizes = np.random.default_rng(1).normal(400, 60, 800).astype(int)
    before = write_statistics(tmp_path / "before", {"a": 60, "b": 40}, tuple(sizes))
    now = write_statistics(tmp_path / "now", {"a": 50, "b": 50}, tuple(sizes + 40))
    path = "Split-train/FeatureStats.pb"
    schema = schema_pb2.Schema()
    label = schema.feature.add(name=LABEL, type=schema_pb2.BYTES)
    label.drift_comparator.infinity_norm.threshold = 1
    width = schema.feature.add(name=WIDTH, type=schema_pb2.INT)
    width.drift_comparator.jensen_shannon_divergence.threshold = 1
    anomalies = tfdv.validate_statistics(
        tfdv.load_stats_binary(str(now / path)),
        schema,
        previous_statistics=tfdv.load_stats_binary(str(before / path)),
    )
    theirs = {
        info.path.step[0]: info.drift_measurements[0].value for info in anomalies.drift_skew_info
    }
    ours = measure(read_statistics(str(before))["train"], read_statistics(str(now))["train"])
    assert ours[LABEL] == pytest.approx(theirs[LABEL])
    assert theirs[WIDTH] > 0.03
    assert ours[WIDTH] == pytest.approx(theirs[WIDTH], rel=0.3)


def test_an_empty_split_has_no_distance(tmp_path: Path) -> None:
    statistics = read_statistics(str(write_statistics(tmp_path / "now", {"a": 1})))
    empty = replace(statistics["test"], examples=0)
    assert set(measure(empty, statistics["test"]).values()) == {None}


def test_first_run_and_unchanged_examples(tmp_path: Path) -> None:
    now = write_statistics(tmp_path / "now", {"a": 1})
    first = read_drift(sources(now, run_facts(None, previous=None)))
    assert first is not None and first.previous_run_id is None and not first.is_same
    same = read_drift(sources(now, run_facts(None)))
    assert same is not None and same.is_same and same.compared_run_id is None
    older = run_facts(write_statistics(tmp_path / "before", {"a": 2}), previous="r1b")
    compared = read_drift(sources(now, older))
    assert compared is not None and compared.is_same
    assert (compared.previous_run_id, compared.compared_run_id) == ("r1b", "r1")


def test_no_statistics() -> None:
    assert read_drift(Sources(run_facts(None))) is None
