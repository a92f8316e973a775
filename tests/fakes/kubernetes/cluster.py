"""A fake of the Kubernetes API and of the training operators, which runs the pods' commands.

A pod is a process on this machine whose environment is what the manifest and the operator set.
Differences from a cluster: hosts are ports of localhost, volumes are local folders, and `python` is
the one that runs the tests.
"""

import http.server
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import yaml

from tests.fakes.kubernetes.schemas import pod_templates, problem_with
from tests.fakes.servers.addresses import free_addresses

REPOSITORY = Path(__file__).parents[3]
NAMESPACE = "team-a"
_PATHS = re.compile(
    r"/apis/(?P<group>[^/]+)/v1(?:alpha1)?/namespaces/(?P<namespace>[^/]+)"
    r"/(?P<plural>tfjobs|trainjobs|trainingruntimes)(?:/(?P<name>[^/]+))?"
)
_GROUPS = {
    "tfjobs": "kubeflow.org",
    "trainjobs": "trainer.kubeflow.org",
    "trainingruntimes": "trainer.kubeflow.org",
}
Json = dict[str, Any]


class Pod:
    """A pod of a job: a process, or a fixed status."""

    def __init__(self, job: str, index: int, labels: Json, status: Json | None = None) -> None:
        self.name = f"{job}-worker-{index}"
        self.job = job
        self.labels = labels
        self.status = status
        self.process: subprocess.Popen[bytes] | None = None
        self.log: Path | None = None
        self.failure_file: Path | None = None

    def start(self, container: Json, env: dict[str, str], folder: Path) -> None:
        """Runs the container's command."""
        self.log, self.failure_file = folder / f"{self.name}.log", folder / f"{self.name}.end"
        end = container.get("terminationMessagePath", "/dev/termination-log")
        command = [
            sys.executable if word == "python" else str(self.failure_file) if word == end else word
            for word in container["command"]
        ]
        variables = {one["name"]: one["value"] for one in container.get("env", [])}
        base = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(REPOSITORY)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                env={**base, "CUDA_VISIBLE_DEVICES": "-1", **variables, **env},
                cwd=REPOSITORY,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Deletes it."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def as_json(self) -> Json:
        """A V1Pod."""
        status = self.status if self.process is None else self._process_status()
        metadata = {"name": self.name, "namespace": NAMESPACE, "labels": self.labels}
        return {"metadata": metadata, "status": status}

    def _process_status(self) -> Json:
        assert self.process is not None and self.failure_file is not None and self.log is not None
        code = self.process.poll()
        if code is None:
            return {"phase": "Running"}
        message = self.failure_file.read_text() if self.failure_file.exists() else ""
        ended = {
            "exitCode": code if code >= 0 else 128 - code,
            "reason": "Error" if code else "Completed",
            "finishedAt": "2026-11-23T03:00:00Z",
            "message": message or self.log.read_text()[-2048:],
        }
        name = {"name": "main", "image": "", "imageID": "", "ready": False, "restartCount": 0}
        statuses = [{**name, "state": {"terminated": ended}}]
        return {"phase": "Failed" if code else "Succeeded", "containerStatuses": statuses}


class FakeCluster:
    """The server, at `url`. It permits what kubeflow/rbac.yaml permits.

    Attributes:
        resources: Custom resources, by plural and name.
        requests: Every request, as `create tfjobs` or `list pods`.
        deletions: The options of deletions, which are in their bodies.
        play: What the operator does with a new job: `run_pods` or `with_status`.
        forbidden: Requests that get a 403 nevertheless, such as `create tfjobs`.
        unknown: Plurals that this cluster does not have.
        unavailable: How many of the next requests get a 503.
        deletion_delay: For how many requests a deleted job still exists, while its pods end.
    """

    def __init__(self, folder: Path, certificate: Path | None = None) -> None:
        """Starts it; with TLS if there is a file with a certificate and its key."""
        self.folder = folder
        self.resources: dict[tuple[str, str], Json] = {}
        self.pods: list[Pod] = []
        self.events: list[Json] = []
        self.requests: list[str] = []
        self.deletions: list[Json] = []
        self._allowed = _allowed()
        self._deleting: dict[tuple[str, str], int] = {}
        self.submitted: list[Json] = []
        self.forbidden: set[str] = set()
        self.unknown: set[str] = set()
        self.unavailable = 0
        self.deletion_delay = 0
        self.token = "secret-of-the-pod"
        self.play: Callable[[FakeCluster, str, str], None] = run_pods
        self.lock = threading.RLock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def kubeconfig(self) -> Path:
        """A kubeconfig file for the server."""
        path = self.folder / "kubeconfig.json"
        context = {"cluster": "c", "user": "u", "namespace": NAMESPACE}
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "here",
                    "clusters": [{"name": "c", "cluster": {"server": self.url}}],
                    "users": [{"name": "u", "user": {"token": self.token}}],
                    "contexts": [{"name": "here", "context": context}],
                }
            )
        )
        return path

    def close(self) -> None:
        """Stops everything."""
        for pod in self.pods:
            pod.stop()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, query: Json, body: Json | None) -> tuple[int, Json]:
        """Answers one request."""
        found = _PATHS.fullmatch(path)
        resource = found["plural"] if found else path.rpartition("/")[2]
        verb = {"POST": "create", "DELETE": "delete"}.get(
            method, "get" if found and found["name"] else "list"
        )
        group = found["group"] if found else ""
        with self.lock:
            self.requests.append(f"{verb} {resource}")
            if self.unavailable:
                self.unavailable -= 1
                return 503, _status(503, "the server is currently unable to handle the request")
            if not self.allows(verb, group, resource):
                account = "system:serviceaccount:team-a:pipeline-runner"
                reason = f'{resource} is forbidden: User "{account}" cannot {verb} it'
                return 403, _status(403, reason)
            if found and (_GROUPS[resource] != found["group"] or resource in self.unknown):
                return 404, _status(404, "the server could not find the requested resource")
            if found:
                return self._custom(method, found["plural"], found["name"], body)
            if resource == "events":
                return 200, {"items": self.events}
            return 200, {"items": [pod.as_json() for pod in self._selected(query)]}

    def allows(self, verb: str, group: str, resource: str) -> bool:
        """Whether the Trainer's service account may do this."""
        is_forbidden = f"{verb} {resource}" in self.forbidden
        return (group, resource, verb) in self._allowed and not is_forbidden

    def pod(self, name: str) -> Pod | None:
        """One of the pods."""
        return next((pod for pod in self.pods if pod.name == name), None)

    def _selected(self, query: Json) -> list[Pod]:
        key, _, value = query["labelSelector"][0].partition("=")
        return [pod for pod in self.pods if pod.labels.get(key) == value]

    def _custom(
        self, method: str, plural: str, name: str | None, body: Json | None
    ) -> tuple[int, Json]:
        if method == "POST":
            assert body is not None
            return self._create(plural, body)
        assert name is not None
        found = self.resources.get((plural, name))
        if found is None:
            return 404, _status(404, f'{plural} "{name}" not found')
        if method == "DELETE":
            self.deletions.append(body or {})
            wanted = (body or {}).get("preconditions", {}).get("uid")
            if wanted not in (None, found["metadata"]["uid"]):
                return 409, _status(409, f"Precondition failed: UID in precondition: {wanted}")
            if plural != "trainingruntimes":
                self._delete_pods(name)
            self._deleting[plural, name] = self.deletion_delay
            self._remove_gone()
            return 200, _status(200, "deleted")
        if (plural, name) in self._deleting:
            self._deleting[plural, name] -= 1
            self._remove_gone()
        if plural != "trainingruntimes":
            found["status"] = self._job_status(plural, name, found)
        return 200, found

    def _create(self, plural: str, manifest: Json) -> tuple[int, Json]:
        name = manifest["metadata"]["name"]
        problem = problem_with(plural, manifest)
        if problem:
            return 422, _status(422, problem)
        if (plural, name) in self.resources:
            return 409, _status(409, f'{plural} "{name}" already exists')
        self.resources[plural, name] = manifest
        self.submitted.append(json.loads(json.dumps(manifest)))
        manifest["metadata"]["uid"] = str(uuid.uuid4())
        # As it was created, before `play` changes it.
        answer = json.loads(json.dumps(manifest))
        if plural != "trainingruntimes":
            self.play(self, plural, name)
        return 201, answer

    def _remove_gone(self) -> None:
        for key in [key for key, requests in self._deleting.items() if requests <= 0]:
            del self._deleting[key], self.resources[key]

    def _delete_pods(self, job: str) -> None:
        for pod in [pod for pod in self.pods if pod.job == job]:
            pod.stop()
            self.pods.remove(pod)

    def _job_status(self, plural: str, name: str, job: Json) -> Json:
        """As the operators set it: a failed pod fails the job, the chief's success is the job's."""
        if "status" in job and job["status"].get("fixed"):
            return job["status"]
        pods = [pod for pod in self.pods if pod.job == name]
        phases = [pod.as_json()["status"]["phase"] for pod in pods]
        done = phases[:1] == ["Succeeded"] if plural == "tfjobs" else set(phases) == {"Succeeded"}
        conditions = [{"type": "Created", "status": "True"}] if plural == "tfjobs" else []
        if done:
            succeeded = "Succeeded" if plural == "tfjobs" else "Complete"
            conditions.append({"type": succeeded, "status": "True"})
        elif "Failed" in phases:
            message = f"{name} has failed because {phases.count('Failed')} replica(s) failed."
            conditions.append({"type": "Failed", "status": "True", "message": message})
        return {"conditions": conditions}


def _allowed() -> set[tuple[str, str, str]]:
    """Group, resource and verb of all that the role allows."""
    role, _ = yaml.safe_load_all((REPOSITORY / "kubeflow" / "rbac.yaml").read_text())
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def job_pods(cluster: FakeCluster, plural: str, name: str) -> tuple[int, Json, list[Json]]:
    """Number of pods of a new job, their container, and the labels of each."""
    if plural == "tfjobs":
        job = cluster.resources[plural, name]
        template = pod_templates(plural, job)[0]
        count = job["spec"]["tfReplicaSpecs"]["Worker"]["replicas"]
        prefix = "training.kubeflow.org/"
        fixed, number = {f"{prefix}job-name": name}, f"{prefix}replica-index"
    else:
        reference = cluster.resources[plural, name]["spec"]["runtimeRef"]["name"]
        runtime = cluster.resources["trainingruntimes", reference]
        template = pod_templates("trainingruntimes", runtime)[0]
        count = cluster.resources[plural, name]["spec"]["trainer"]["numNodes"]
        fixed = {"jobset.sigs.k8s.io/jobset-name": name}
        number = "batch.kubernetes.io/job-completion-index"
    [container] = template["spec"]["containers"]
    return count, container, [{**fixed, number: str(index)} for index in range(count)]


def run_pods(cluster: FakeCluster, plural: str, name: str) -> None:
    """Starts a process for each pod, with the variables that the operator sets."""
    count, container, labels = job_pods(cluster, plural, name)
    hosts = free_addresses(count)
    if plural == "tfjobs":
        assert container["name"] == "tensorflow"
        [port] = [one for one in container["ports"] if one["name"] == "tfjob-port"]
        assert port["containerPort"] == 2222
    else:
        given = ",".join(f"{name}-node-0-{index}.{name}:2222" for index in range(count))
        words = [",".join(hosts) if word == given else word for word in container["command"]]
        assert ",".join(hosts) in words
        container = {**container, "command": words}
    for index in range(count):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": hosts}, "task": task, "environment": "cloud"}
        env = (
            {"TF_CONFIG": json.dumps(config)}
            if plural == "tfjobs"
            else {"JOB_COMPLETION_INDEX": str(index)}
        )
        pod = Pod(name, index, labels[index])
        pod.start(container, env, cluster.folder)
        cluster.pods.append(pod)


def with_status(*statuses: Json) -> Callable[[FakeCluster, str, str], None]:
    """An operator whose pods have these fixed statuses."""

    def play(cluster: FakeCluster, plural: str, name: str) -> None:
        _, _, labels = job_pods(cluster, plural, name)
        for index, status in enumerate(statuses):
            cluster.pods.append(Pod(name, index, labels[index], status))

    return play


def _status(code: int, message: str) -> Json:
    return {"kind": "Status", "apiVersion": "v1", "code": code, "message": message}


def _handler(cluster: FakeCluster) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = re.fullmatch(rf"/api/v1/namespaces/{NAMESPACE}/pods/([^/]+)/log", self._path)
            if found:
                self._log(found[1])
            else:
                self._answer("GET", None)

        def do_POST(self) -> None:
            self._answer("POST", self._body())

        def do_DELETE(self) -> None:
            self._answer("DELETE", self._body())

        def log_message(self, *args: Any) -> None:
            pass

        @property
        def _path(self) -> str:
            return urlparse(self.path).path

        def _body(self) -> Json:
            length = int(self.headers.get("Content-Length") or 0)
            return json.loads(self.rfile.read(length) or "{}")

        def _answer(self, method: str, body: Json | None) -> None:
            scheme, _, token = self.headers["Authorization"].partition(" ")
            if (scheme.lower(), token) != ("bearer", cluster.token):
                self._send(401, _status(401, "Unauthorized"))
                return
            query = parse_qs(urlparse(self.path).query)
            self._send(*cluster.answer(method, self._path, query, body))

        def _send(self, code: int, answer: Json) -> None:
            text = json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def _log(self, name: str) -> None:
            """Follows a pod's log to its end, each line after its time."""
            if not cluster.allows("get", "", "pods/log"):
                self._send(403, _status(403, "pods/log is forbidden"))
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            pod = cluster.pod(name)
            if pod is not None and pod.log is not None and pod.process is not None:
                self._log_lines(pod.log, pod.process)
            self.wfile.write(b"0\r\n\r\n")

        def _log_lines(self, file: Path, process: subprocess.Popen[bytes]) -> None:
            with file.open("rb") as log:
                while True:
                    is_over = process.poll() is not None
                    for line in log:
                        stamp = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
                        text = f"{stamp} ".encode() + line
                        self.wfile.write(f"{len(text):x}\r\n".encode() + text + b"\r\n")
                        self.wfile.flush()
                    if is_over:
                        return
                    time.sleep(0.1)

    return Handler
