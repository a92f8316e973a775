from benchmarks.scale.estimate import Line, Wish, breaking_points, build_table, fit_line
from tests.fakes.benchmarks.made_results import make_result


def test_line_goes_through_the_two_largest_sizes() -> None:
    assert fit_line([(1000, 900.0), (5000, 20.0), (25000, 60.0)]) == Line(10.0, 0.002)


def test_line_of_one_size_goes_through_the_origin() -> None:
    assert fit_line([(1000, 20.0)]) == Line(0.0, 0.02)


def test_line_never_falls() -> None:
    line = fit_line([(1000, 20.0), (5000, 10.0)])
    assert line.slope == 0
    assert line.at(10**8) > 0


def test_needs_follow_from_what_was_measured() -> None:
    results = [make_result(5000), make_result(25000)]
    needs = {row[0]: row[1] for row in build_table(results, Wish(hours=5)).rows}
    assert needs["source images"] == "2,000 GB"
    assert needs["stored examples"] == "2,200 GB"
    assert needs["shards of 100 MB"] == "22,000"
    # 2.5 ms of two cores for each of 100 million.
    assert needs["Beam workers of one core, for 5 h"] == "28"
    assert needs["core hours of training on CPUs (at most)"] == "278"


def test_gpu_hours_need_a_measured_rate() -> None:
    results = [make_result(5000)]
    with_rate = Wish(gpu_rate=500)
    [hours] = [text for name, text in build_table(results, with_rate).rows if "GPU" in name]
    assert hours == "55.6"
    [formula] = [text for name, text in build_table(results, Wish()).rows if "GPU" in name]
    assert "images/s of a GPU" in formula


def test_what_grows_in_memory_breaks() -> None:
    results = [make_result(count, image_bytes=10_000) for count in (5000, 25000)]
    [line] = breaking_points(results, Wish())
    assert line.startswith("Trainer takes 10,000 B an image in one process, 1,000 GB for")
    assert "64 GB are full at 6,400,000 images. Then: the labels of all images" in line


def test_nothing_breaks_where_nothing_grows() -> None:
    results = [make_result(count) for count in (5000, 25000)]
    assert "none breaks" in breaking_points(results, Wish())[0]
