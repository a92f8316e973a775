from pathlib import Path
from typing import Any

from components.report.inputs.run_facts import RunFacts
from components.report.inputs.sources import Sources
from components.report.sections.serving_check import ServingCheck, read_serving_check
from tests.components.report.conftest import SERVING_CHECK, write_json


def read(folder: Path, check: dict[str, Any]) -> ServingCheck | None:
    write_json(folder / "serving_check.json", check)
    run = RunFacts(pipeline="pets", run_id="r")
    return read_serving_check(Sources(run, folders={"serving_check": str(folder)}))


def test_the_measured_values(tmp_path: Path) -> None:
    check = read(tmp_path, {**SERVING_CHECK, "calls": 500})
    assert check is not None and check.passed
    assert check.measures == {
        "images used": "32",
        "largest difference from the Trainer's scores": "2.4e-07",
        "two calls agree bit for bit": "yes",
        "latency, batch of 1": "18.2 ms (p50), 25.9 ms (p99)",
        "latency, batch of 32": "402.0 ms (p50), 455.3 ms (p99)",
        "memory growth over 500 calls": "4.1 kB",
        "size of the model": "11.8 MB",
    }


def test_a_check_that_failed_early(tmp_path: Path) -> None:
    failed = {"passed": False, "failures": ["it does not load"], "is_deterministic": None}
    check = read(tmp_path, failed)
    assert check is not None and not check.passed
    assert check.failures == ["it does not load"] and check.measures == {}


def test_a_model_that_was_not_checked(tmp_path: Path) -> None:
    assert read(tmp_path, {"passed": False, "failures": [], "is_checked": False}) is None
