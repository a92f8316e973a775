"""One recurring run of a name, which does what is wanted; never none, and not for long two."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from kubeflow.client.api import PipelinesHost
from kubeflow.client.errors import HostError
from kubeflow.deploy.deployment import ensure_experiment, upload
from kubeflow.schedule.recurring_run import Wanted, apply, delete, find, pause, resume
from kubeflow.schedule.trigger import cron_trigger, interval_trigger
from tests.fakes.kubeflow.deployed import connect, served, write_package
from tests.fakes.kubeflow.kfp_api_server import KfpApi


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[KfpApi]:
    with served(monkeypatch, tmp_path) as api:
        yield api


def wanted(host: PipelinesHost, folder: Path, image: str = "images:1") -> Wanted:
    return Wanted(
        name="digits",
        experiment_id=ensure_experiment(host, "nightly")[0],
        uploaded=upload(host, write_package(folder, image)),
        trigger=cron_trigger("0 3 * * *", None, "UTC"),
        parameters={},
    )


def test_the_first_one(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    applied = apply(host, wanted(host, tmp_path))
    assert (applied.did, applied.is_paused) == ("created", False)
    [run] = api.recurring.values()
    # Six fields: KFP would take the crontab's five for "minute 3 of every hour".
    assert run["trigger"] == {"cron_schedule": {"cron": "0 0 3 * * *"}}
    assert (run["max_concurrency"], run["no_catchup"], run["mode"]) == ("1", True, "ENABLE")
    assert run["display_name"] == "digits"


def test_every_six_hours(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    periodic = replace(wanted(host, tmp_path), trigger=interval_trigger("6h"))
    apply(host, periodic)
    [run] = api.recurring.values()
    assert run["trigger"] == {"periodic_schedule": {"interval_second": "21600"}}
    assert apply(host, periodic).did == "unchanged"


def test_again_changes_nothing(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    apply(host, wanted(host, tmp_path))
    before = dict(api.recurring)
    assert apply(host, wanted(host, tmp_path)).did == "unchanged"
    assert api.recurring == before


def test_another_configuration_replaces_it(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    apply(host, wanted(host, tmp_path))
    [old] = api.recurring
    applied = apply(host, wanted(host, tmp_path, image="images:2"))
    assert (applied.did, applied.removed, applied.changes) == ("replaced", 1, ("configuration",))
    assert len(api.recurring) == 1 and old not in api.recurring
    # The new one was there before the old one went.
    changing = [r for r in api.requests if r.startswith(("POST", "DELETE")) and "recurring" in r]
    assert [request.split()[0] for request in changing] == ["POST", "POST", "DELETE"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"trigger": cron_trigger("0 4 * * *", None, "UTC")}, "time"),
        ({"trigger": interval_trigger("1d")}, "time"),
        ({"parameters": {"span": "7"}}, "parameters"),
        ({"service_account": "trainer"}, "service account"),
    ],
)
def test_what_else_replaces_it(
    api: KfpApi, tmp_path: Path, change: dict[str, object], what: str
) -> None:
    host = connect(api)
    first = wanted(host, tmp_path)
    apply(host, first)
    applied = apply(host, replace(first, **change))  # type: ignore[arg-type]
    assert (applied.did, applied.changes) == ("replaced", (what,))
    assert len(api.recurring) == 1


def test_broken_off_between_the_new_and_the_old(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    apply(host, wanted(host, tmp_path))
    api.fail("DELETE", status=500)
    with pytest.raises(HostError, match="deleting a recurring run"):
        apply(host, wanted(host, tmp_path, image="images:2"))
    assert len(api.recurring) == 2
    applied = apply(host, wanted(host, tmp_path, image="images:2"))
    assert (applied.did, applied.removed) == ("unchanged", 1)
    [left] = api.recurring.values()
    newest = list(api.versions)[-1]
    assert left["pipeline_version_reference"]["pipeline_version_id"] == newest


def test_a_lost_answer_makes_no_second_one(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    first = wanted(host, tmp_path)
    apply(host, first)
    api.fail("POST .*/recurringruns$", status=503, takes_effect=True)
    apply(host, replace(first, parameters={"span": "7"}))
    [run] = api.recurring.values()
    assert run["runtime_config"]["parameters"] == {"span": "7"}


def test_two_at_once(api: KfpApi, tmp_path: Path) -> None:
    hosts = [connect(api), connect(api)]
    both = [wanted(host, tmp_path) for host in hosts]
    # Both have looked, and found nothing, before either has made one.
    api.fail("POST .*/recurringruns$", status=503, times=2, wait_seconds=0.2)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(apply, hosts, both))
    assert len(api.recurring) == 1


def test_gone_already(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    apply(host, wanted(host, tmp_path))
    api.fail("DELETE", status=404)
    assert apply(host, wanted(host, tmp_path, image="images:2")).did == "replaced"


def test_others_are_left_alone(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    other = replace(wanted(host, tmp_path), name="digits-2")
    apply(host, other)
    apply(host, wanted(host, tmp_path))
    delete(host, "digits")
    assert [run["display_name"] for run in api.recurring.values()] == ["digits-2"]


def test_pause_resume_delete(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    assert pause(host, "digits") == (0, 0)
    apply(host, wanted(host, tmp_path))
    assert (pause(host, "digits"), pause(host, "digits")) == ((1, 1), (1, 0))
    assert [run["status"] for run in api.recurring.values()] == ["DISABLED"]
    assert (resume(host, "digits"), resume(host, "digits")) == ((1, 1), (1, 0))
    assert (delete(host, "digits"), delete(host, "digits")) == (1, 0)


def test_paused_stays_paused(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    apply(host, wanted(host, tmp_path))
    pause(host, "digits")
    assert apply(host, wanted(host, tmp_path)).is_paused
    assert apply(host, wanted(host, tmp_path, image="images:2")).is_paused
    assert [run["status"] for run in api.recurring.values()] == ["DISABLED"]


def test_the_paused_one_of_two_fits(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    old, new = wanted(host, tmp_path), wanted(host, tmp_path, image="images:2")
    apply(host, old)
    api.fail("DELETE", status=500)
    with pytest.raises(HostError):
        apply(host, new)
    newest = list(api.recurring)[-1]
    api.recurring[newest].update(status="DISABLED", mode="DISABLE")
    assert not apply(host, new).is_paused
    assert [run["status"] for run in api.recurring.values()] == ["ENABLED"]


def test_several_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with served(monkeypatch, tmp_path, is_multi_user=True) as api:
        host = connect(api, namespace="alice")
        apply(host, wanted(host, tmp_path))
        [run] = find(host)
        assert run.namespace == "alice"
        assert apply(host, wanted(host, tmp_path)).did == "unchanged"


def test_lists_come_in_pages(api: KfpApi, tmp_path: Path) -> None:
    host = connect(api)
    apply(host, wanted(host, tmp_path))
    [mine] = api.recurring.values()
    for number in range(220):
        api.recurring[str(number)] = {
            **mine,
            "recurring_run_id": str(number),
            "display_name": f"other-{number}",
        }
    assert len(find(host)) == 221
    assert [run.display_name for run in find(host, "digits")] == ["digits"]
