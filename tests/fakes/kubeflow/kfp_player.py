"""Runs a compiled file on one machine, as Kubeflow Pipelines 2.x does.

Inputs are resolved as by the driver (backend/src/v2/driver in kubeflow/pipelines), placeholders
replaced and output files collected as by the launcher (backend/src/v2/component/launcher_v2.go,
getPlaceholders), environment and mounts taken from the platform document as by the driver
(extendPodSpecPatch). Pods are processes, and mounts are folders.
"""

import concurrent.futures
import json
import os
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

PIPELINE_ROOT = "minio://mlpipeline/v2/artifacts"
NAMESPACE = "team"


@dataclass(frozen=True)
class Cluster:
    """A cluster.

    Attributes:
        folder: Folder for pods, logs and the object store.
        image_env: Environment variables of the image, such as `PATH`.
        secrets: Values by key of each secret.
        claims: Folder of each claim, at which it must be mounted.
    """

    folder: Path
    image_env: Mapping[str, str]
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)


@dataclass
class PlayedTask:
    """A task of a run.

    Attributes:
        state: `SUCCEEDED`, `FAILED`, or `SKIPPED` if a task that it depends on failed.
        started, ended: Seconds since the epoch.
        attempts: How often it was started.
        log: Its stdout and stderr.
        artifacts: The file of each output artifact, whether it was written or not.
        metadata: Metadata of each output artifact.
    """

    state: str = "SKIPPED"
    started: float = 0.0
    ended: float = 0.0
    attempts: int = 0
    log: str = ""
    artifacts: dict[str, Path] = field(default_factory=dict)
    metadata: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class PlayedRun:
    """A finished run."""

    id: str
    tasks: Mapping[str, PlayedTask]

    @property
    def state(self) -> str:
        """`SUCCEEDED` if every task did."""
        done = all(task.state == "SUCCEEDED" for task in self.tasks.values())
        return "SUCCEEDED" if done else "FAILED"

    @property
    def logs(self) -> str:
        """The logs of all tasks that failed."""
        failed = {name: task for name, task in self.tasks.items() if task.state == "FAILED"}
        return "\n".join(f"== {name}\n{task.log[-6000:]}" for name, task in failed.items())


class Player:
    """A Kubeflow Pipelines with one pipeline.

    Args:
        compiled: The compiled file's text.
        cluster: Where it runs.
    """

    def __init__(self, compiled: str, cluster: Cluster):
        self._spec, *more = list(yaml.safe_load_all(compiled))
        assert self._spec["schemaVersion"] == "2.1.0"
        [platform] = more
        self._executors = self._spec["deploymentSpec"]["executors"]
        self._platform = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        self._cluster = cluster

    def run(self, on_end: Callable[[str], None] = lambda _: None, **parameters: str) -> PlayedRun:
        """Runs the pipeline, with independent tasks in parallel.

        Args:
            on_end: Called with the name of each task that has ended.
            parameters: Values of the pipeline's parameters; others have their defaults.
        """
        run_id = str(uuid.uuid4())
        known = self._spec["root"]["inputDefinitions"]["parameters"]
        assert set(parameters) <= set(known)
        values = {**{name: each["defaultValue"] for name, each in known.items()}, **parameters}
        tasks = self._spec["root"]["dag"]["tasks"]
        played: dict[str, PlayedTask] = {}
        with concurrent.futures.ThreadPoolExecutor(len(tasks)) as pool:
            done: dict[str, threading.Event] = {name: threading.Event() for name in tasks}

            def play(name: str) -> None:
                upstream = tasks[name].get("dependentTasks", [])
                for each in upstream:
                    done[each].wait()
                try:
                    if all(played[each].state == "SUCCEEDED" for each in upstream):
                        played[name] = self._run_task(run_id, tasks[name], values)
                finally:
                    played.setdefault(name, PlayedTask())
                    done[name].set()
                    on_end(name)

            for future in [pool.submit(play, name) for name in tasks]:
                future.result()
        return PlayedRun(run_id, played)

    def _run_task(
        self, run_id: str, task: Mapping[str, Any], values: Mapping[str, Any]
    ) -> PlayedTask:
        component = self._spec["components"][task["componentRef"]["name"]]
        label = component["executorLabel"]
        name = task["taskInfo"]["name"]
        pod = self._cluster.folder / run_id / name
        pod.mkdir(parents=True)
        executor_input = self._executor_input(run_id, name, component, task, values, pod)
        played = PlayedTask(started=time.time())
        outputs = executor_input["outputs"]["artifacts"]
        played.artifacts = {
            key: self._local(listed["artifacts"][0]["uri"]) for key, listed in outputs.items()
        }
        container = self._executors[label]["container"]
        command = self._command(container, executor_input)
        env = self._environment(run_id, container, self._platform.get(label, {}), pod)
        for _ in range(1 + int(task.get("retryPolicy", {}).get("maxRetryCount", 0))):
            played.attempts += 1
            code = _start(command, env, pod)
            if code == 0:
                break
        played.ended = time.time()
        played.log = (pod / "log").read_text()
        played.state = "SUCCEEDED" if code == 0 else "FAILED"
        if code == 0:
            played.metadata = _artifact_metadata(Path(executor_input["outputs"]["outputFile"]))
        return played

    def _executor_input(
        self,
        run_id: str,
        name: str,
        component: Mapping[str, Any],
        task: Mapping[str, Any],
        values: Mapping[str, Any],
        pod: Path,
    ) -> dict[str, Any]:
        inputs = {}
        for key in component["inputDefinitions"]["parameters"]:
            given = task["inputs"]["parameters"][key]
            if "componentInputParameter" in given:
                inputs[key] = values[given["componentInputParameter"]]
            else:
                constant = given["runtimeValue"]["constant"]
                # Replaced only if it is the whole value (driver/resolve.go).
                inputs[key] = run_id if constant == "{{$.pipeline_job_uuid}}" else constant
        definitions = component.get("outputDefinitions", {}).get("artifacts", {})
        folder = f"{PIPELINE_ROOT}/{self._spec['pipelineInfo']['name']}/{run_id}/{name}"
        artifacts = {
            key: {"artifacts": [{"uri": f"{folder}/{key}", "type": each["artifactType"]}]}
            for key, each in definitions.items()
        }
        for listed in artifacts.values():
            self._local(listed["artifacts"][0]["uri"]).parent.mkdir(parents=True, exist_ok=True)
        return {
            "inputs": {"parameterValues": inputs},
            "outputs": {
                "artifacts": artifacts,
                "outputFile": str(pod / "kfp_outputs" / "output_metadata.json"),
            },
        }

    def _command(
        self, container: Mapping[str, Any], executor_input: Mapping[str, Any]
    ) -> list[str]:
        placeholders = {"{{$}}": json.dumps(executor_input)}
        for key, value in executor_input["inputs"]["parameterValues"].items():
            placeholders[f"{{{{$.inputs.parameters['{key}']}}}}"] = value
        for key, listed in executor_input["outputs"]["artifacts"].items():
            [artifact] = listed["artifacts"]
            start = f"{{{{$.outputs.artifacts['{key}']."
            placeholders[f"{start}uri}}}}"] = artifact["uri"]
            placeholders[f"{start}path}}}}"] = str(self._local(artifact["uri"]))
        words = []
        for word in [*container.get("command", []), *container.get("args", [])]:
            # In any order: the launcher iterates over a Go map.
            for placeholder, value in placeholders.items():
                word = word.replace(placeholder, value)
            assert "{{" not in word, f"the launcher does not replace {word}"
            words.append(word)
        return words

    def _environment(
        self, run_id: str, container: Mapping[str, Any], platform: Mapping[str, Any], pod: Path
    ) -> dict[str, str]:
        env = {
            **self._cluster.image_env,
            "KFP_POD_NAME": f"pod-{pod.name.lower()}",
            "KFP_POD_UID": str(uuid.uuid4()),
            **{each["name"]: each["value"] for each in container.get("env", [])},
        }
        facts = {"metadata.labels['pipeline/runid']": run_id, "metadata.namespace": NAMESPACE}
        for each in platform.get("fieldPathAsEnv", []):
            env[each["name"]] = facts[each["fieldPath"]]
        for mount in platform.get("pvcMount", []):
            assert self._cluster.claims[mount["constant"]] == mount["mountPath"]
        for secret in platform.get("secretAsEnv", []):
            for each in secret["keyToEnv"]:
                env[each["envVar"]] = self._cluster.secrets[secret["secretName"]][each["secretKey"]]
        for secret in platform.get("secretAsVolume", []):
            self._mount(secret, env, pod)
        return env

    def _mount(self, secret: Mapping[str, Any], env: dict[str, str], pod: Path) -> None:
        """Writes a secret's keys to files, and replaces the mount path in variables."""
        folder = pod / "mounts" / secret["secretName"]
        folder.mkdir(parents=True)
        for key, text in self._cluster.secrets[secret["secretName"]].items():
            (folder / key).write_text(text)
        for name, value in env.items():
            env[name] = value.replace(secret["mountPath"], str(folder))

    def _local(self, uri: str) -> Path:
        """The launcher's localPathForURI, inside the cluster's folder."""
        return self._cluster.folder / "minio" / uri.removeprefix("minio://")


def _start(command: list[str], env: Mapping[str, str], pod: Path) -> int:
    # Found on the image's PATH, as in a container.
    program = next(
        path
        for folder in env["PATH"].split(":")
        if os.access(path := Path(folder) / command[0], os.X_OK)
    )
    home = pod / "home"
    home.mkdir(exist_ok=True)
    with (pod / "log").open("ab") as log:
        return subprocess.run(
            [str(program), *command[1:]],
            env=dict(env),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode


def _artifact_metadata(file: Path) -> dict[str, dict[str, Any]]:
    """Metadata of artifacts in the executor's output, parsed strictly like the launcher does."""
    if not file.exists():
        return {}
    output = pipeline_spec_pb2.ExecutorOutput()
    json_format.Parse(file.read_text(), output)
    return {
        name: json_format.MessageToDict(listed.artifacts[0].metadata)
        for name, listed in output.artifacts.items()
    }
