"""A pipeline is put on a host once, whatever goes wrong on the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.errors import UserError
from kubeflow.client.errors import HostError
from kubeflow.deploy.deployment import ensure_experiment, start_run, upload
from kubeflow.deploy.package import Package
from tests.fakes.kubeflow.deployed import connect, served, write_package
from tests.fakes.kubeflow.kfp_api_server import KfpApi


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[KfpApi]:
    with served(monkeypatch, tmp_path) as api:
        yield api


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return write_package(tmp_path)


def test_the_first_upload_makes_pipeline_and_version(api: KfpApi, package: Package) -> None:
    uploaded = upload(connect(api), package)
    assert uploaded.is_new_pipeline and uploaded.is_new_version
    [pipeline], [version] = api.pipelines.values(), api.versions.values()
    assert pipeline["display_name"] == "digits"
    assert version["pipeline_spec"]["pipelineInfo"]["name"] == "digits"
    assert uploaded.version == version["display_name"]
    assert uploaded.version.startswith("digits-")


def test_the_same_content_is_not_uploaded_again(api: KfpApi, package: Package) -> None:
    first, again = upload(connect(api), package), upload(connect(api), package)
    assert (again.is_new_pipeline, again.is_new_version) == (False, False)
    assert again.version_id == first.version_id
    assert len(api.asked("upload_version")) == 1


def test_other_content_is_a_version_of_the_same_pipeline(
    api: KfpApi, package: Package, tmp_path: Path
) -> None:
    first = upload(connect(api), package)
    second = upload(connect(api), write_package(tmp_path, image="images:2"))
    assert second.is_new_version and not second.is_new_pipeline
    assert second.pipeline_id == first.pipeline_id
    assert len(api.pipelines) == 1 and len(api.versions) == 2


def test_it_is_found_on_a_later_page(api: KfpApi, package: Package) -> None:
    host = connect(api)
    uploaded = upload(host, package)
    for number in range(250):
        api.pipelines[f"other-{number}"] = {
            "pipeline_id": f"other-{number}",
            "display_name": f"other-{number}",
            "namespace": "",
        }
    api.pipelines[uploaded.pipeline_id] = api.pipelines.pop(uploaded.pipeline_id)
    listed = list(host.pages("listing", host.api.pipelines.list_pipelines, "pipelines"))
    assert len(listed) == 251
    assert len(api.asked("GET .*/pipelines$")) >= 3
    assert not upload(host, package).is_new_pipeline


def test_somebody_else_was_faster(api: KfpApi, package: Package) -> None:
    # What is asked for is done, and answered with 409: as if another had done it in between.
    api.fail("POST .*/pipelines$", status=409, does_it=True)
    api.fail("POST .*/upload_version$", status=409, does_it=True)
    api.fail("POST .*/experiments$", status=409, does_it=True)
    host = connect(api)
    upload(host, package)
    ensure_experiment(host, "nightly")
    assert (len(api.pipelines), len(api.versions), len(api.experiments)) == (1, 1, 1)


@pytest.mark.parametrize("does_it", [False, True], ids=["not-done", "done"])
def test_out_of_service_for_a_moment(api: KfpApi, package: Package, does_it: bool) -> None:
    for path in ("pipelines", "upload_version", "experiments", "runs"):
        api.fail(f"POST .*/{path}$", status=503, times=1 if does_it else 2, does_it=does_it)
    api.fail("GET .*/experiments$", status=503, times=2)
    host = connect(api)
    uploaded = upload(host, package)
    experiment_id, _ = ensure_experiment(host, "nightly")
    run = start_run(host, uploaded, experiment_id, "digits", {})
    assert [run.run_id] == list(api.runs)
    assert (len(api.pipelines), len(api.versions), len(api.experiments)) == (1, 1, 1)


def test_a_lost_answer_starts_no_second_run(api: KfpApi, package: Package) -> None:
    host = connect(api)
    uploaded = upload(host, package)
    experiment_id, is_new = ensure_experiment(host, "nightly")
    assert is_new
    api.fail("POST .*/runs$", status=0, does_it=True)
    run = start_run(host, uploaded, experiment_id, "digits", {"span": "7"})
    assert list(api.runs) == [run.run_id]
    assert api.runs[run.run_id]["runtime_config"]["parameters"] == {"span": "7"}
    assert run.display_name.startswith("digits-")


def test_out_of_service_for_good(api: KfpApi, package: Package) -> None:
    host = connect(api)
    api.fail("POST .*/pipelines$", status=503, times=100)
    with pytest.raises(HostError, match=r"out of service \(503, creating the pipeline\)") as told:
        upload(host, package)
    assert "Asked 4 times" in str(told.value)
    assert len(api.asked("POST .*/pipelines$")) == 4


def test_what_the_schema_forbids_is_told(api: KfpApi, package: Package, tmp_path: Path) -> None:
    package.path.write_text(package.path.read_text().replace("executorLabel", "executorLable"))
    with pytest.raises(HostError, match=r"refuses \(400, uploading the version\).*executorLable"):
        upload(connect(api), package)


def test_experiment_is_made_once(api: KfpApi) -> None:
    host = connect(api)
    first, again = ensure_experiment(host, "nightly"), ensure_experiment(host, "nightly")
    assert first[0] == again[0] and (first[1], again[1]) == (True, False)


def test_several_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: Package) -> None:
    with served(monkeypatch, tmp_path, is_multi_user=True) as api:
        with pytest.raises(UserError, match="several users.*\nName your namespace"):
            connect(api)
        host = connect(api, namespace="alice")
        uploaded = upload(host, package)
        ensure_experiment(host, "nightly")
        assert api.pipelines[uploaded.pipeline_id]["namespace"] == "alice"
        assert [e["namespace"] for e in api.experiments.values()] == ["alice"]
        with pytest.raises(HostError, match=r"does not let you do this \(403.*") as told:
            upload(connect(api, namespace="bob"), package)
        assert "kubeflow-edit in namespace bob" in str(told.value)


def test_one_user_has_no_namespace(api: KfpApi, package: Package) -> None:
    host = connect(api, namespace="alice")
    assert host.namespace is None
    upload(host, package)


def test_tasks_come_in_an_order_in_which_they_run(package: Package) -> None:
    assert [task.name for task in package.tasks] == ["Trainer", "Evaluator", "Pusher"]
