"""Beam's options from the `beam` settings, kept out of TFX's cache key.

`beam_args` builds the options of a component; `hide_beam_args` removes them from its compiled spec
before it runs, and passes them to its executor instead.
"""

import json
from collections.abc import Iterator

from google.protobuf.message import Message
from tfx.orchestration.portable.beam_executor_operator import BeamExecutorOperator
from tfx.proto.orchestration.executable_spec_pb2 import BeamExecutableSpec

from components.parallel import count_cores
from pipeline.config.beam import (
    BeamSettings,
    DataflowSettings,
    DirectSettings,
    FlinkSettings,
    SparkSettings,
    WorkerSettings,
)

# For each component, TFX builds a package of itself for remote workers and leaves it in /tmp,
# unless the options name a container image. Beam's DirectRunner, worker pools and workers started
# by a command ignore that image.
_NO_TFX_PACKAGE = "--sdk_container_image=none"

Operators = dict[type[Message], type[BeamExecutorOperator]]


def beam_args(beam: BeamSettings, node_id: str) -> list[str]:
    """Beam's options for one component, as on a command line.

    Those of `pipeline_args` replace others of the same name.
    """
    chosen = beam.for_component(node_id)
    given = list(chosen.pipeline_args)
    if chosen.named_runner:
        generated = [] if chosen.is_remote else [_NO_TFX_PACKAGE]
    else:
        generated = list(_render(chosen))
    names = {_name(arg) for arg in given}
    return [*(arg for arg in generated if _name(arg) not in names), *given]


def _render(chosen: BeamSettings) -> Iterator[str]:
    settings = getattr(chosen, chosen.runner)
    match settings:
        case DirectSettings():
            yield from _direct(settings)
        case FlinkSettings():
            yield from _flink(settings)
        case SparkSettings():
            yield from _spark(settings)
        case DataflowSettings():
            yield from _dataflow(settings)


def _direct(settings: DirectSettings) -> Iterator[str]:
    yield "--runner=DirectRunner"
    yield f"--direct_running_mode={settings.mode}"
    if settings.mode != "in_memory":
        yield f"--direct_num_workers={settings.workers or count_cores()}"
    yield _NO_TFX_PACKAGE


def _flink(settings: FlinkSettings) -> Iterator[str]:
    if settings.job_endpoint:
        yield from _job_server(settings.job_endpoint)
    else:
        # One jar: the alternative, a job server for each job, needs Java in the pod.
        yield "--runner=FlinkRunner"
        yield f"--flink_master={settings.master}"
        yield f"--flink_version={settings.version}"
        yield "--flink_submit_uber_jar"
        if settings.job_server_jar:
            yield f"--flink_job_server_jar={settings.job_server_jar}"
    if settings.parallelism:
        yield f"--parallelism={settings.parallelism}"
    yield from _workers(settings.workers)


def _spark(settings: SparkSettings) -> Iterator[str]:
    if settings.job_endpoint:
        yield from _job_server(settings.job_endpoint)
    else:
        yield "--runner=SparkRunner"
        yield f"--spark_rest_url={_with_scheme(settings.rest_url or '')}"
        yield "--spark_submit_uber_jar"
        if settings.job_server_jar:
            yield f"--spark_job_server_jar={settings.job_server_jar}"
    yield from _workers(settings.workers)


def _dataflow(settings: DataflowSettings) -> Iterator[str]:
    yield "--runner=DataflowRunner"
    for option, value in {
        "project": settings.project,
        "region": settings.region,
        "temp_location": settings.temp_location,
        "sdk_container_image": settings.image,
        "service_account_email": settings.service_account,
        "worker_machine_type": settings.machine_type,
        "max_num_workers": settings.max_workers,
    }.items():
        if value is not None:
            yield f"--{option}={value}"


def _job_server(endpoint: str) -> Iterator[str]:
    yield "--runner=PortableRunner"
    yield f"--job_endpoint={endpoint}"


def _workers(settings: WorkerSettings) -> Iterator[str]:
    if settings.address:
        yield "--environment_type=EXTERNAL"
        yield f"--environment_config={settings.address}"
    elif settings.command:
        yield "--environment_type=PROCESS"
        yield f"--environment_config={json.dumps({'command': settings.command})}"
    else:
        yield "--environment_type=DOCKER"
        yield f"--environment_config={settings.image}"
        yield f"--sdk_container_image={settings.image}"
        return
    yield _NO_TFX_PACKAGE


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"http://{address}"


def _name(arg: str) -> str:
    return arg.partition("=")[0]


def hide_beam_args(spec: Message) -> tuple[Message, Operators]:
    """Removes Beam's options from a component's executor spec.

    The spec is part of TFX's cache key: with the options, one more worker would mean that the same
    images are read, counted and trained on again.

    Args:
        spec: The executor spec of the component.

    Returns:
        The spec without Beam's options, and custom executor operators that run it with them; both
        are arguments of TFX's launcher.
    """
    if not isinstance(spec, BeamExecutableSpec):
        return spec, {}
    bare = BeamExecutableSpec()
    bare.CopyFrom(spec)
    bare.ClearField("beam_pipeline_args")
    bare.ClearField("beam_pipeline_args_placeholders")

    class OperatorWithArgs(BeamExecutorOperator):
        def __init__(self, executor_spec: Message, platform_config: Message | None = None):
            super().__init__(spec, platform_config)

    return bare, {BeamExecutableSpec: OperatorWithArgs}
