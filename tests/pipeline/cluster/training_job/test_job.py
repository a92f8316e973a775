"""A job from its submission to its deletion, and what may go wrong in between."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.errors import UserError
from pipeline.cluster.training_job import cluster as cluster_module
from pipeline.cluster.training_job.heartbeat import FAILURE_FILE
from pipeline.cluster.training_job.job import job_name, run_job
from pipeline.cluster.training_job.kinds import KINDS as JOB_KINDS
from pipeline.cluster.training_job.kinds import JobRequest
from pipeline.cluster.training_job.spec import read_spec
from tests.fakes.kubernetes.cluster import NAMESPACE, FakeCluster, Json, run_pods, with_status
from tests.pipeline.cluster.training_job.conftest import submit, training_job
from tests.repository import REPOSITORY
from trainer.stages.distribution import WORKER_LOST

RUNNING: Json = {"phase": "Running"}
KINDS = tuple(JOB_KINDS)


def pending(reason: str, message: str) -> Json:
    """The status of a pod whose container waits."""
    name = {"name": "main", "image": "", "imageID": "", "ready": False, "restartCount": 0}
    waiting = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [{**name, "state": waiting}]}


def unscheduled(message: str) -> Json:
    """The status of a pod that fits on no node."""
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    return {"phase": "Pending", "conditions": [{**condition, "message": message}]}


def failed(exit_code: int, reason: str, message: str, at: str) -> Json:
    """The status of a pod that has failed."""
    name = {"name": "main", "image": "", "imageID": "", "ready": False, "restartCount": 0}
    ended = {"exitCode": exit_code, "reason": reason, "message": message, "finishedAt": at}
    return {"phase": "Failed", "containerStatuses": [{**name, "state": {"terminated": ended}}]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_finished_job_is_deleted(cluster: FakeCluster, kind: str) -> None:
    cluster.play = with_status({"phase": "Succeeded"}, {"phase": "Succeeded"})
    submit(kind=kind)
    assert cluster.resources == {} and cluster.pods == []
    assert len(cluster.submitted) == (1 if kind == "TFJob" else 2)
    assert all(options["propagationPolicy"] == "Foreground" for options in cluster.deletions)


def test_the_chiefs_success_is_the_jobs(cluster: FakeCluster) -> None:
    # The model is written; how the other pods end does not matter.
    cluster.play = with_status({"phase": "Succeeded"}, RUNNING)
    submit()
    assert cluster.resources == {}


@pytest.mark.parametrize("kind", KINDS)
def test_no_permission(cluster: FakeCluster, kind: str) -> None:
    plural = {"TFJob": "tfjobs", "TrainJob": "trainjobs"}[kind]
    cluster.forbidden.add(f"create {plural}")
    with pytest.raises(UserError) as caught:
        submit(kind=kind)
    assert caught.value.message == (
        f"Kubernetes does not let this task create {plural} in the namespace {NAMESPACE}: "
        f'{plural} is forbidden: User "system:serviceaccount:team-a:pipeline-runner" cannot '
        "create it"
    )
    assert "kubectl apply -n team-a -f kubeflow/rbac.yaml" in str(caught.value.hint)
    assert cluster.resources == {}


def test_no_permission_to_see_the_pods_deletes_the_job(cluster: FakeCluster) -> None:
    cluster.forbidden.add("list pods")
    with pytest.raises(UserError, match="does not let this task list pods in the namespace team-a"):
        submit()
    assert cluster.resources == {}


@pytest.mark.parametrize(
    ("kind", "plural", "hint"),
    [
        ("TFJob", "tfjobs.kubeflow.org", "Install the Kubeflow Training Operator 1.9, or set"),
        ("TrainJob", "trainjobs.trainer.kubeflow.org", "Install Kubeflow Trainer 2, or set"),
    ],
)
def test_a_cluster_without_the_operator(
    cluster: FakeCluster, kind: str, plural: str, hint: str
) -> None:
    cluster.unknown |= {"tfjobs", "trainjobs", "trainingruntimes"}
    with pytest.raises(UserError) as caught:
        submit(kind=kind)
    assert caught.value.message.startswith(f"this cluster does not have {plural}: the")
    assert str(caught.value.hint).startswith(hint)


def test_an_invalid_manifest(cluster: FakeCluster) -> None:
    with pytest.raises(UserError) as caught:
        submit(container={"resorces": {}})
    assert caught.value.message.startswith("Kubernetes refused to create tfjobs: ")
    assert "V1Container has no resorces" in caught.value.message


def test_a_missing_image(cluster: FakeCluster) -> None:
    message = 'Back-off pulling image "registry/image:1"'
    cluster.play = with_status(RUNNING, pending("ImagePullBackOff", message))
    with pytest.raises(UserError) as caught:
        submit()
    assert caught.value.message == (
        f"pod train-it-worker-1 of the training job cannot start: ImagePullBackOff: {message}"
    )
    assert "Check the image, its pull secrets and the volumes" in str(caught.value.hint)
    assert cluster.resources == {}


def test_pods_that_fit_on_no_node(cluster: FakeCluster, caplog: pytest.LogCaptureFixture) -> None:
    message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
    cluster.play = with_status(RUNNING, unscheduled(message))
    with caplog.at_level("INFO"), pytest.raises(UserError) as caught:
        submit(start_timeout_seconds=1)
    assert caught.value.message == (
        "after 1 s only 1 of 2 pods of the training job train-it run\n"
        f"  train-it-worker-1: Unschedulable: {message}"
    )
    assert "Free the missing GPUs or memory" in str(caught.value.hint)
    # Reported once, while it waits.
    progress = [line for line in caplog.messages if "1 of 2 pods run; train-it-worker-1 wa" in line]
    assert len(progress) == 1 and message in progress[0]
    assert cluster.resources == {}


def test_pods_that_are_never_created(cluster: FakeCluster) -> None:
    cluster.play = with_status()
    involved = {"kind": "TFJob", "name": "train-it"}
    other = {"metadata": {}, "involvedObject": {"name": "another"}, "message": "not this"}
    event = {"reason": "FailedCreatePod", "message": "exceeded quota: team-a, limited: cpu=4"}
    cluster.events = [{"metadata": {}, "involvedObject": involved, **event}, other]
    with pytest.raises(UserError) as caught:
        submit(start_timeout_seconds=1)
    assert caught.value.message == (
        "after 1 s only 0 of 2 pods of the training job train-it run\n"
        "  train-it: FailedCreatePod: exceeded quota: team-a, limited: cpu=4"
    )
    assert "Does the operator for tfjobs run" in str(caught.value.hint)


@pytest.mark.parametrize("kind", KINDS)
def test_the_pod_that_failed_first_is_reported(cluster: FakeCluster, kind: str) -> None:
    cluster.play = with_status(
        # By its node's slow clock, the chief failed before the pod that it lost.
        failed(1, "Error", WORKER_LOST, "2026-11-23T03:00:00Z"),
        failed(137, "OOMKilled", "epoch 7\nepoch 8", "2026-11-23T03:00:05Z"),
    )
    with pytest.raises(UserError) as caught:
        submit(kind=kind)
    assert caught.value.message == (
        "pod train-it-worker-1 of the training job failed (OOMKilled, exit code 137)\n"
        "  epoch 7\n  epoch 8"
    )
    assert "resumes after the last epoch that was saved" in str(caught.value.hint)
    assert cluster.resources == {}


def test_an_evicted_pod(cluster: FakeCluster) -> None:
    reason = {"reason": "Evicted", "message": "The node was low on resource: memory."}
    cluster.play = with_status(RUNNING, {"phase": "Failed", **reason})
    with pytest.raises(UserError, match=r"worker-1 of the training job failed \(Evicted\)\n  The "):
        submit()


def test_a_job_that_is_deleted(cluster: FakeCluster) -> None:
    def play(cluster: FakeCluster, plural: str, name: str) -> None:
        del cluster.resources[plural, name]

    cluster.play = play
    with pytest.raises(UserError, match="the training job train-it was deleted by someone"):
        submit()


def test_an_unavailable_api_server_does_not_end_the_training(
    cluster: FakeCluster, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "PAUSE_SECONDS", 0.01)

    def play(cluster: FakeCluster, plural: str, name: str) -> None:
        with_status({"phase": "Succeeded"}, {"phase": "Succeeded"})(cluster, plural, name)
        cluster.unavailable = 3

    cluster.play = play
    with caplog.at_level("INFO"):
        submit()
    assert cluster.resources == {}
    assert sum("Kubernetes does not answer (503" in line for line in caplog.messages) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_attempt_replaces_the_first(cluster: FakeCluster, kind: str) -> None:
    cluster.play = with_status(RUNNING, RUNNING)
    _leave_a_job(cluster, kind)
    assert len(cluster.pods) == 2 and len(cluster.resources) == (1 if kind == "TFJob" else 2)

    # The first job takes time to end; until then, no other may train.
    cluster.deletion_delay = 2
    cluster.play = with_status({"phase": "Succeeded"}, {"phase": "Succeeded"})
    submit(kind=kind)
    assert len(cluster.submitted) == (2 if kind == "TFJob" else 4)


@pytest.mark.parametrize("kind", KINDS)
def test_an_old_attempt_does_not_delete_the_next_ones_job(cluster: FakeCluster, kind: str) -> None:
    cluster.play = with_status(RUNNING, RUNNING)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(submit, kind=kind)
        _wait_until(lambda: cluster.requests.count("list pods") > 2)
        try:
            # Between two of its requests, another job gets the name.
            with cluster.lock:
                for number, resource in enumerate(cluster.resources.values()):
                    resource["metadata"]["uid"] = f"the-next-one-{number}"
            with pytest.raises(UserError, match="the training job train-it was deleted by someone"):
                first.result(timeout=120)
            assert len(cluster.resources) == (1 if kind == "TFJob" else 2)
            assert len(cluster.pods) == 2
        finally:
            with cluster.lock:
                cluster.resources.clear()


def test_the_start_timeout_begins_with_the_submission(cluster: FakeCluster) -> None:
    cluster.play = with_status(RUNNING, RUNNING)
    _leave_a_job(cluster, "TFJob")
    # Deleting the job of the earlier attempt takes more than a second.
    cluster.deletion_delay = 25
    cluster.play = with_status(RUNNING, unscheduled("no GPU is free"))
    with pytest.raises(UserError, match="after 1 s only 1 of 2 pods"):
        submit(start_timeout_seconds=1)
    submitted = len(cluster.requests) - cluster.requests[::-1].index("create tfjobs")
    assert cluster.requests[submitted:].count("get tfjobs") > 2


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def _leave_a_job(cluster: FakeCluster, kind: str) -> None:
    """Creates a job as an attempt that is killed before it can delete it."""
    request = JobRequest("train-it", ["true"], read_spec(training_job(kind=kind)), {})
    for plural, manifest in JOB_KINDS[kind].build(request):
        cluster.answer("POST", _path(plural), {}, manifest)


def _path(plural: str) -> str:
    group = "kubeflow.org/v1" if plural == "tfjobs" else "trainer.kubeflow.org/v1alpha1"
    return f"/apis/{group}/namespaces/{NAMESPACE}/{plural}"


def test_sigterm_deletes_the_job(cluster: FakeCluster, tmp_path: Path) -> None:
    cluster.play = with_status(RUNNING, RUNNING)
    script = (
        "from tests.pipeline.cluster.training_job.conftest import submit\n"
        "from components.errors import UserError\n"
        "try:\n    submit()\n"
        "except UserError as error:\n    print(error.message)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until(lambda: cluster.requests.count("list pods") > 2)
        assert cluster.resources
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert output == "the training was stopped (SIGTERM)\n"
    assert cluster.resources == {} and cluster.pods == []


def test_job_names_are_unique_per_training() -> None:
    name = job_name("Cats & Dogs, the very long name of a model", "run-1")
    assert name == job_name("Cats & Dogs, the very long name of a model", "run-1")
    assert name.startswith("train-cats-dogs-the-very-") and len(name) <= 40
    assert len({name, job_name("cats", "run-1"), job_name("cats", "run-2")}) == 3
    assert job_name("+++", "run-1").startswith("train-")


def test_the_error_of_a_pod_is_reported(cluster: FakeCluster) -> None:
    # Real processes, which fail and write why to the termination log.
    cluster.play = run_pods
    command = ["python", "-m", "pipeline", "train-worker", "--fn-args", "/nowhere.json"]
    with pytest.raises(UserError) as caught:
        run_job(read_spec(training_job()), "train-it", [*command, "--failure-file", FAILURE_FILE])
    assert "of the training job failed (Error, exit code 1)\n" in caught.value.message
    assert "  NotFoundError: /nowhere.json; No such file or directory" in caught.value.message
