from pathlib import Path

from benchmarks.scale.growth import build_tables, verdict
from benchmarks.scale.plot import draw_growth
from benchmarks.scale.results import load_results, save_result
from tests.fakes.benchmarks.made_results import make_result


def test_small_sizes_are_left_out() -> None:
    results = [make_result(1000, trainer_ms=50), make_result(5000), make_result(25000)]
    lines = verdict(results, flat_from=5000)
    assert len(lines) >= 4
    assert not [line for line in lines if "NOT" in line]
    assert "from 5,000 to 25,000 images" in lines[0]


def test_growth_is_reported() -> None:
    results = [make_result(5000), make_result(25000, trainer_ms=8, image_bytes=50_000)]
    lines = [line for line in verdict(results, flat_from=5000) if "NOT FLAT" in line]
    assert any(line.startswith("Time per image, Trainer: rises by at most 60 %") for line in lines)
    assert any(line.startswith("Memory of pipeline.local.worker") for line in lines)
    assert not any("ImageExampleGen" in line for line in lines)


def test_more_stored_bytes_than_the_bound_fail() -> None:
    results = [make_result(5000, stored_share=1.3), make_result(25000, stored_share=1.1)]
    assert verdict(results, flat_from=5000)[-1] == (
        "Stored: 1.300 of the source; at most 1.15: FAILED."
    )


def test_growth_needs_two_sizes() -> None:
    assert "two sizes" in verdict([make_result(1000), make_result(5000)], flat_from=5000)[0]


def test_tables_have_a_column_for_each_size() -> None:
    tables = build_tables([make_result(1000), make_result(5000)])
    for table in tables:
        assert list(table.columns) == ["images", "1,000", "5,000"]
        assert {len(row) for row in table.rows} == {3}
    times = {row[0]: row[1:] for row in tables[0].rows}
    assert times["Trainer"] == ["5.00", "5.00"]
    stored = {row[0]: row[1:] for row in tables[2].rows}
    assert stored["source"] == ["20,000", "20,000"]
    assert stored["stored / source"] == ["1.100", "1.100"]


def test_results_are_kept_by_size_and_settings(tmp_path: Path) -> None:
    save_result(make_result(5000), tmp_path)
    save_result(make_result(1000), tmp_path)
    assert [one.images for one in load_results(tmp_path, "s")] == [1000, 5000]
    assert load_results(tmp_path, "other settings") == []


def test_growth_can_be_drawn(tmp_path: Path) -> None:
    draw_growth([make_result(1000), make_result(5000)], tmp_path / "growth.png")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
