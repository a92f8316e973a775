"""A pipeline is uploaded once, also when requests fail."""

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


def test_the_first_upload_creates_pipeline_and_version(api: KfpApi, package: Package) -> None:
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
    assert len(api.requested("upload_version")) == 1


def test_other_content_is_a_version_of_the_same_pipeline(
    api: KfpApi, package: Package, tmp_path: Path
) -> None:
    first = upload(connect(api), package)
    second = upload(connect(api), write_package(tmp_path, image="images:2"))
    assert second.is_new_version and not second.is_new_pipeline
    assert second.pipeline_id == first.pipeline_id
    assert len(api.pipelines) == 1 and len(api.versions) == 2


def test_a_pipeline_on_a_later_page_is_found(api: KfpApi, package: Package) -> None:
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
    assert len(api.requested("GET .*/pipelines$")) >= 3
    assert not upload(host, package).is_new_pipeline


def test_another_client_was_faster(api: KfpApi, package: Package) -> None:
    # The request takes effect, with a 409: as if another client had made it.
    api.fail("POST .*/pipelines$", status=409, takes_effect=True)
    api.fail("POST .*/upload_version$", status=409, takes_effect=True)
    api.fail("POST .*/experiments$", status=409, takes_effect=True)
    host = connect(api)
    upload(host, package)
    ensure_experiment(host, "nightly")
    assert (len(api.pipelines), len(api.versions), len(api.experiments)) == (1, 1, 1)


@pytest.mark.parametrize("takes_effect", [False, True], ids=["no-effect", "effect"])
def test_a_host_that_is_briefly_unavailable(
    api: KfpApi, package: Package, takes_effect: bool
) -> None:
    for path in ("pipelines", "upload_version", "experiments", "runs"):
        api.fail(
            f"POST .*/{path}$",
            status=503,
            times=1 if takes_effect else 2,
            takes_effect=takes_effect,
        )
    api.fail("GET .*/experiments$", status=503, times=2)
    host = connect(api)
    uploaded = upload(host, package)
    experiment_id, _ = ensure_experiment(host, "nightly")
    run = start_run(host, uploaded, experiment_id, "digits", {})
    assert [run.run_id] == list(api.runs)
    assert (len(api.pipelines), len(api.versions), len(api.experiments)) == (1, 1, 1)


def test_a_lost_response_does_not_start_a_second_run(api: KfpApi, package: Package) -> None:
    host = connect(api)
    uploaded = upload(host, package)
    experiment_id, is_new = ensure_experiment(host, "nightly")
    assert is_new
    api.fail("POST .*/runs$", status=0, takes_effect=True)
    run = start_run(host, uploaded, experiment_id, "digits", {"span": "7"})
    assert list(api.runs) == [run.run_id]
    assert api.runs[run.run_id]["runtime_config"]["parameters"] == {"span": "7"}
    assert run.display_name.startswith("digits-")


def test_a_host_that_stays_unavailable(api: KfpApi, package: Package) -> None:
    host = connect(api)
    api.fail("POST .*/pipelines$", status=503, times=100)
    with pytest.raises(HostError, match=r"not available \(503, creating the pipeline\)") as caught:
        upload(host, package)
    assert "Tried 4 times" in str(caught.value)
    assert len(api.requested("POST .*/pipelines$")) == 4


def test_an_invalid_pipeline_is_rejected(api: KfpApi, package: Package, tmp_path: Path) -> None:
    package.path.write_text(package.path.read_text().replace("executorLabel", "executorLable"))
    with pytest.raises(HostError, match=r"rejects the request \(400.*executorLable"):
        upload(connect(api), package)


def test_the_experiment_is_created_once(api: KfpApi) -> None:
    host = connect(api)
    first, again = ensure_experiment(host, "nightly"), ensure_experiment(host, "nightly")
    assert first[0] == again[0] and (first[1], again[1]) == (True, False)


def test_several_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: Package) -> None:
    with served(monkeypatch, tmp_path, is_multi_user=True) as api:
        with pytest.raises(UserError, match="several users.*\nPass your namespace"):
            connect(api)
        host = connect(api, namespace="alice")
        uploaded = upload(host, package)
        ensure_experiment(host, "nightly")
        assert api.pipelines[uploaded.pipeline_id]["namespace"] == "alice"
        assert [e["namespace"] for e in api.experiments.values()] == ["alice"]
        with pytest.raises(HostError, match=r"denies access \(403.*") as caught:
            upload(connect(api, namespace="bob"), package)
        assert "kubeflow-edit in namespace bob" in str(caught.value)


def test_a_single_user_has_no_namespace(api: KfpApi, package: Package) -> None:
    host = connect(api, namespace="alice")
    assert host.namespace is None
    upload(host, package)


def test_tasks_are_in_topological_order(package: Package) -> None:
    assert [task.name for task in package.tasks] == ["Trainer", "Evaluator", "Pusher"]
