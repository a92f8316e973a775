"""A fake of Kubeflow Pipelines' v2beta1 API, in this process, over HTTP.

It keeps its state in memory, checks requests and responses against the published models, and
behaves like kubeflow/pipelines' backend beyond them: names are unique (409), lists have pages,
filters are JSON, multi-user mode needs a namespace, cron expressions are those of robfig/cron 1.
"""

import base64
import json
import re
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from tests.fakes.kubeflow.kfp_api_schema import Misfit, check

PREFIX = "/apis/v2beta1"
_LIST = {"page_token", "page_size", "sort_by", "filter", "namespace"}
_NOW = "2026-11-23T03:00:00Z"

Thing = dict[str, Any]


class ApiError(Exception):
    """A response with an error status."""

    def __init__(self, status: int, message: str, code: int = 3) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class Text(bytes):
    """A response that is not JSON."""


@dataclass
class Fault:
    """A failure of the next requests to a path.

    Attributes:
        pattern: Regular expression for `METHOD /path`.
        status: Status of the response; 0 closes the connection.
        times: Number of requests that fail.
        takes_effect: Whether the request takes effect nevertheless.
        wait_seconds: Pause before the response.
        page: HTML to respond with.
    """

    pattern: str
    status: int = 503
    times: int = 1
    takes_effect: bool = False
    wait_seconds: float = 0.0
    page: str = ""


@dataclass
class KfpApi:
    """The state of the host, which tests set and inspect."""

    is_multi_user: bool = False
    token: str | None = None
    cookie: str | None = None
    pipelines: dict[str, Thing] = field(default_factory=dict)
    versions: dict[str, Thing] = field(default_factory=dict)
    experiments: dict[str, Thing] = field(default_factory=dict)
    runs: dict[str, Thing] = field(default_factory=dict)
    recurring: dict[str, Thing] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    """Logs by name of the pod."""
    is_user_interface: bool = True
    """Whether this is ml-pipeline-ui, which has logs at another path than the API server."""
    plays: list[Callable[[Thing], Thing]] = field(default_factory=list)
    """Changes of a run at each request for it; the last one is kept."""
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Method and path of each request, in order."""
    headers: list[dict[str, str]] = field(default_factory=list)
    host: str = ""
    prefix: str = ""
    """Prefix that a proxy removes from each path."""

    def fail(self, pattern: str, **how: Any) -> None:
        """Makes requests fail whose `METHOD /path` matches."""
        self.faults.append(Fault(pattern, **how))

    def requested(self, pattern: str) -> list[str]:
        """The requests that match."""
        return [request for request in self.requests if re.search(pattern, request)]

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes, kind: str) -> Any:
        if path.startswith("/k8s/pod/logs") and self.is_user_interface:
            return self._log(query["podname"])
        if found := re.fullmatch(r"/apis/v1alpha1/runs/([^/]+)/nodes/([^/]+)/log", path):
            if self.is_user_interface:
                return Text(b"<!doctype html><html><title>Kubeflow Pipelines</title></html>")
            return self._log(found[2])
        for wanted, pattern, allowed, action in self._routes():
            if wanted == method and (found := re.fullmatch(PREFIX + pattern, path)):
                unknown = set(query) - allowed
                if unknown:
                    raise ApiError(400, f"unknown query parameters: {', '.join(sorted(unknown))}")
                given = (kind, body) if "multipart" in kind else json.loads(body or b"null")
                return action(*map(unquote, found.groups()), query, given)
        raise ApiError(404, "Not Found", code=5)

    def _routes(self) -> list[tuple[str, str, set[str], Callable[..., Any]]]:
        an_id = "/([^/:]+)"
        return [
            ("GET", "/healthz", set(), lambda q, b: {"multi_user": self.is_multi_user}),
            ("GET", "/pipelines", _LIST, self._list_pipelines),
            ("POST", "/pipelines", set(), self._create_pipeline),
            ("POST", "/pipelines/upload_version", {"name", "pipelineid", "description"},
             self._upload_version),
            ("GET", f"/pipelines{an_id}/versions", _LIST - {"namespace"}, self._list_versions),
            ("GET", "/experiments", _LIST, self._list_experiments),
            ("POST", "/experiments", set(), self._create_experiment),
            ("GET", "/runs", _LIST | {"experiment_id"}, self._list_runs),
            ("POST", "/runs", {"experiment_id"}, self._create_run),
            ("GET", f"/runs{an_id}", {"experiment_id"}, self._get_run),
            ("GET", "/recurringruns", _LIST | {"experiment_id"}, self._list_recurring),
            ("POST", "/recurringruns", set(), self._create_recurring),
            ("DELETE", f"/recurringruns{an_id}", set(), self._delete_recurring),
            ("POST", f"/recurringruns{an_id}:enable", set(), self._enable),
            ("POST", f"/recurringruns{an_id}:disable", set(), self._disable),
        ]  # fmt: skip

    def _list_pipelines(self, query: dict[str, str], _: Any) -> Thing:
        namespace = self._namespace(query.get("namespace", ""), is_needed=False)
        found = [p for p in self.pipelines.values() if p.get("namespace", "") == namespace]
        return _page(found, query, "pipelines", "V2beta1ListPipelinesResponse")

    def _create_pipeline(self, _: Any, body: Thing) -> Thing:
        check(body, "V2beta1Pipeline")
        name, namespace = body.get("display_name"), body.get("namespace", "")
        if not name:
            raise ApiError(400, "Failed to create a pipeline due to empty name")
        namespace = self._namespace(namespace, is_needed=False)
        self._is_free(self.pipelines, name, namespace, "pipeline")
        return _add(self.pipelines, "pipeline_id", {**body, "namespace": namespace})

    def _upload_version(self, query: dict[str, str], upload: tuple[str, bytes]) -> Thing:
        pipeline_id, name = query.get("pipelineid"), query.get("name")
        if pipeline_id not in self.pipelines or not name:
            raise ApiError(400, "Failed to create a pipeline version")
        spec = _uploaded_spec(*upload)
        if any(
            v["display_name"] == name and v["pipeline_id"] == pipeline_id
            for v in self.versions.values()
        ):
            raise ApiError(409, "Failed to create a pipeline version", code=0)
        return _add(
            self.versions,
            "pipeline_version_id",
            {
                "display_name": name,
                "pipeline_id": pipeline_id,
                "description": query.get("description", ""),
                "pipeline_spec": spec,
            },
        )

    def _list_versions(self, pipeline_id: str, query: dict[str, str], _: Any) -> Thing:
        if pipeline_id not in self.pipelines:
            raise ApiError(404, f"Pipeline {pipeline_id} not found", code=5)
        found = [v for v in self.versions.values() if v["pipeline_id"] == pipeline_id]
        return _page(found, query, "pipeline_versions", "V2beta1ListPipelineVersionsResponse")

    def _list_experiments(self, query: dict[str, str], _: Any) -> Thing:
        namespace = self._namespace(query.get("namespace", ""))
        found = [e for e in self.experiments.values() if e.get("namespace", "") == namespace]
        return _page(found, query, "experiments", "V2beta1ListExperimentsResponse")

    def _create_experiment(self, _: Any, body: Thing) -> Thing:
        check(body, "V2beta1Experiment")
        namespace = self._namespace(body.get("namespace", ""))
        self._is_free(self.experiments, body["display_name"], namespace, "experiment")
        return _add(self.experiments, "experiment_id", {**body, "namespace": namespace})

    def _list_runs(self, query: dict[str, str], _: Any) -> Thing:
        if not query.get("experiment_id"):
            self._namespace(query.get("namespace", ""))
        found = [
            run
            for run in self.runs.values()
            if query.get("experiment_id") in (None, run["experiment_id"])
        ]
        return _page(found, query, "runs", "V2beta1ListRunsResponse")

    def _create_run(self, _: Any, body: Thing) -> Thing:
        check(body, "V2beta1Run")
        self._check_references(body)
        given = {"state": "PENDING", "created_at": _NOW, **body}
        return _add(self.runs, "run_id", given)

    def _get_run(self, run_id: str, _: Any, __: Any) -> Thing:
        run = self.runs.get(run_id)
        if run is None:
            raise ApiError(404, f"Run {run_id} not found", code=5)
        if self.plays:
            play = self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]
            run = {**run, **play(run)}
        return run

    def _list_recurring(self, query: dict[str, str], _: Any) -> Thing:
        namespace = self._namespace(query.get("namespace", ""))
        found = [r for r in self.recurring.values() if r.get("namespace", "") == namespace]
        return _page(found, query, "recurringRuns", "V2beta1ListRecurringRunsResponse")

    def _create_recurring(self, _: Any, body: Thing) -> Thing:
        check(body, "V2beta1RecurringRun")
        if not body.get("display_name"):
            raise ApiError(400, "Recurring run's name cannot be empty")
        self._check_references(body)
        if not 1 <= int(body.get("max_concurrency", 0)) <= 10:
            raise ApiError(400, "Max concurrency must be at least 1 and at most 10")
        trigger = body.get("trigger") or {}
        if (cron := (trigger.get("cron_schedule") or {}).get("cron")) is not None:
            _check_cron(cron)
        elif int((trigger.get("periodic_schedule") or {}).get("interval_second", 0)) < 1:
            raise ApiError(400, "Found invalid period schedule interval")
        namespace = self.experiments[body["experiment_id"]]["namespace"]
        status = "ENABLED" if body.get("mode") == "ENABLE" else "DISABLED"
        return _add(
            self.recurring,
            "recurring_run_id",
            # int64 is a string in proto's JSON.
            {**body, "max_concurrency": str(body["max_concurrency"]), "status": status,
             "namespace": namespace, "service_account": body.get("service_account", "default")},
        )  # fmt: skip

    def _delete_recurring(self, run_id: str, _: Any, __: Any) -> Thing:
        if self.recurring.pop(run_id, None) is None:
            raise ApiError(404, f"Recurring run {run_id} not found", code=5)
        return {}

    def _enable(self, run_id: str, _: Any, __: Any) -> Thing:
        self.recurring[run_id].update(mode="ENABLE", status="ENABLED")
        return {}

    def _disable(self, run_id: str, _: Any, __: Any) -> Thing:
        self.recurring[run_id].update(mode="DISABLE", status="DISABLED")
        return {}

    def _log(self, pod: str) -> Text:
        if pod not in self.logs:
            raise ApiError(
                500, f"Could not get main container logs: pods {pod!r} not found", code=0
            )
        return Text(self.logs[pod].encode())

    def _check_references(self, body: Thing) -> None:
        if body.get("experiment_id") not in self.experiments:
            raise ApiError(404, f"Experiment {body.get('experiment_id')} not found", code=5)
        reference = body.get("pipeline_version_reference") or {}
        version = self.versions.get(reference.get("pipeline_version_id", ""))
        if version is None or version["pipeline_id"] != reference.get("pipeline_id"):
            raise ApiError(400, "Failed to fetch a template: no such pipeline version")
        inputs = version["pipeline_spec"]["root"].get("inputDefinitions", {}).get("parameters", {})
        unknown = set((body.get("runtime_config") or {}).get("parameters") or {}) - set(inputs)
        if unknown:
            raise ApiError(400, f"parameters {sorted(unknown)} are not in the pipeline spec")

    def _namespace(self, given: str, is_needed: bool = True) -> str:
        if not self.is_multi_user:
            return ""
        if is_needed and not given:
            raise ApiError(400, "Namespace cannot be empty in multi-user mode")
        if given and given != "alice":
            raise ApiError(403, f"User 'alice' is not authorized in namespace {given}", code=7)
        return given

    def _is_free(self, things: dict[str, Thing], name: str, namespace: str, what: str) -> None:
        if any(
            t["display_name"] == name and t.get("namespace", "") == namespace
            for t in things.values()
        ):
            raise ApiError(409, f"The name {name} already exist. Please take a new {what}", code=6)


def _add(things: dict[str, Thing], key: str, thing: Thing) -> Thing:
    thing = {"created_at": _NOW, **thing, key: str(uuid.uuid4())}
    things[thing[key]] = thing
    return thing


def _page(found: list[Thing], query: dict[str, str], key: str, model: str) -> Thing:
    if "filter" in query:
        given = json.loads(query["filter"])
        found = [thing for thing in found if _matches(thing, given)]
    start = int(base64.b64decode(query["page_token"])) if query.get("page_token") else 0
    # The server's bounds: 20 by default, 200 at most.
    size = min(int(query.get("page_size") or 20), 200)
    answer: Thing = {"total_size": len(found)}
    if found[start : start + size]:
        answer[key] = found[start : start + size]
    if start + size < len(found):
        answer["next_page_token"] = base64.b64encode(str(start + size).encode()).decode()
    check(answer, model, "answer")
    return answer


def _matches(thing: Thing, given: Thing) -> bool:
    snake = {
        "predicates": [
            {re.sub("[A-Z]", lambda m: f"_{m[0].lower()}", key): value for key, value in p.items()}
            for p in given.get("predicates", [])
        ]
    }
    check(snake, "V2beta1Filter", "filter")
    for predicate in snake["predicates"]:
        if predicate["operation"] != "EQUALS":
            raise ApiError(400, f"not supported: {predicate['operation']}")
        if thing.get(predicate["key"]) != predicate["string_value"]:
            return False
    return True


def _uploaded_spec(kind: str, body: bytes) -> Thing:
    message = message_from_bytes(f"content-type: {kind}\r\n\r\n".encode() + body, policy=HTTP)
    parts = {p.get_param("name", header="content-disposition"): p for p in message.iter_parts()}
    if "uploadfile" not in parts:
        raise ApiError(400, "Failed to read pipeline from file", code=0)
    try:
        content: Any = parts["uploadfile"].get_payload(decode=True)
        documents = list(yaml.safe_load_all(content))
        json_format.ParseDict(documents[0], pipeline_spec_pb2.PipelineSpec())
        for platform in documents[1:]:
            json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec())
    except (yaml.YAMLError, json_format.ParseError, IndexError) as error:
        raise ApiError(400, f"invalid pipeline spec: {error}", code=0) from None
    spec: Thing = documents[0]
    return spec


def _check_cron(cron: str) -> None:
    # robfig/cron 1: the day of week, the sixth field, may be left out.
    fields = cron.split()
    if len(fields) not in (5, 6) or not all(re.fullmatch(r"[\w*?,/-]+", f) for f in fields):
        raise ApiError(400, "Schedule cron is not a supported format(github.com/robfig/cron)")


def argo_run(state: str, tasks: dict[str, str], error: str = "") -> Callable[[Thing], Thing]:
    """Details of a run as in KFP up to 2.14: Argo's nodes.

    Args:
        state: State of the run.
        tasks: State of each task that has started, by key.
        error: Its error message.
    """

    def play(run: Thing) -> Thing:
        details = [_node("root-driver", "SUCCEEDED", 0, ["wf-1"])]
        for number, (key, task_state) in enumerate(tasks.items(), 1):
            second = number * 10
            details.append(_node(f"{key}-driver", "SUCCEEDED", second, []))
            if task_state != "PENDING":
                details.append(_node(key, task_state, second + 2, [f"wf-{number}00"]))
                details.append(_node("executor", task_state, second + 2, [f"wf-{number}01"]))
                details.append(_node("executor(0)", task_state, second + 2, []))
        changes: Thing = {"state": state, "run_details": {"task_details": details}}
        if state in ("SUCCEEDED", "FAILED", "CANCELED"):
            changes["finished_at"] = "2026-11-23T03:12:05Z"
        if error:
            changes["error"] = {"code": 13, "message": error}
        return changes

    return play


def _node(name: str, state: str, second: int, children: list[str]) -> Thing:
    start = f"2026-11-23T03:{second // 60:02}:{second % 60:02}Z"
    is_over = state in ("SUCCEEDED", "FAILED", "SKIPPED")
    end = f"2026-11-23T03:{second // 60:02}:{second % 60 + 3:02}Z"
    return {
        "task_id": str(uuid.uuid4()),
        "display_name": name,
        "create_time": _NOW,
        "start_time": start,
        "end_time": end if is_over else "0001-01-01T00:00:00Z",
        "state": state,
        "child_tasks": [{"pod_name": child} for child in children],
    }


@contextmanager
def serve(api: KfpApi, certificate: Path | None = None) -> Iterator[KfpApi]:
    """Serves it on a free port; over TLS with a certificate (and key) in one file."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            """Logs nothing."""

        def _handle(self) -> None:
            address = urlsplit(re.sub(f"^{re.escape(api.prefix)}", "", self.path))
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = f"{self.command} {address.path}"
            api.requests.append(request)
            api.headers.append({key.lower(): value for key, value in self.headers.items()})
            fault = next(
                (f for f in api.faults if f.times > 0 and re.search(f.pattern, request)), None
            )
            if fault:
                fault.times -= 1
                time.sleep(fault.wait_seconds)
                if not fault.takes_effect:
                    self._fault(fault)
                    return
            query = {key: values[0] for key, values in parse_qs(address.query).items()}
            try:
                self._authorize()
                kind = self.headers.get("content-type") or ""
                status, answer = 200, api.answer(self.command, address.path, query, body, kind)
            except Misfit as misfit:
                status, answer = 400, {"error": str(misfit), "code": 3, "message": str(misfit)}
            except ApiError as error:
                # The upload and log endpoints use other fields than the gateway.
                fields = (
                    {"error": error.message, "code": error.code, "message": error.message}
                    if error.code
                    else {"error_message": error.message, "error_details": error.message}
                )
                status, answer = error.status, fields
            if fault:
                self._fault(fault)
                return
            if isinstance(answer, Text):
                is_page = answer.startswith(b"<")
                self._send(status, answer, "text/html" if is_page else "text/plain")
            else:
                self._send(status, json.dumps(answer).encode(), "application/json")

        do_GET = do_POST = do_DELETE = _handle

        def _authorize(self) -> None:
            if api.token and self.headers.get("authorization") != f"Bearer {api.token}":
                raise ApiError(401, "Request header error: there is no valid token", code=16)
            if api.cookie and api.cookie not in (self.headers.get("cookie") or ""):
                raise ApiError(401, "Request header error: no user identity header", code=16)

        def _fault(self, fault: Fault) -> None:
            if fault.page:
                self._send(200, fault.page.encode(), "text/html")
            elif fault.status:
                self._send(fault.status, b"upstream connect error", "text/plain")
            else:
                self.close_connection = True
                self.connection.close()

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Ignores clients that do not wait for their response."""

    server = Server(("127.0.0.1", 0), Handler)
    scheme = "http"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    api.host = f"{scheme}://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
