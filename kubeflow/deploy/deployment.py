"""Creates the pipeline, a version of it, its experiment and runs on the host."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ..client.api import PipelinesHost, named
from .package import Package


@dataclass(frozen=True)
class Uploaded:
    """An uploaded version of a pipeline."""

    pipeline_id: str
    version_id: str
    version: str
    is_new_pipeline: bool
    is_new_version: bool


def upload(host: PipelinesHost, package: Package) -> Uploaded:
    """Creates the pipeline and a version with this content, unless they exist.

    Names of pipelines are unique, and a version is named after its content: two uploads, even at
    the same time, create one of each.

    Raises:
        kubeflow.client.errors.HostError: If the host fails.
    """
    from kfp_server_api import V2beta1Pipeline

    def find_pipeline() -> Any:
        return _first(
            host, "looking for the pipeline", host.api.pipelines.list_pipelines, "pipelines",
            package.name, namespace=host.namespace,
        )  # fmt: skip

    pipeline, is_new_pipeline = _find_or_create(
        host,
        "creating the pipeline",
        find_pipeline,
        host.api.pipelines.create_pipeline,
        body=V2beta1Pipeline(
            display_name=package.name, namespace=host.namespace, description=_DESCRIPTION
        ),
    )

    def find_version() -> Any:
        return _first(
            host, "looking for the version", host.api.pipelines.list_pipeline_versions,
            "pipeline_versions", package.version, pipeline_id=pipeline.pipeline_id,
        )  # fmt: skip

    version, is_new_version = _find_or_create(
        host,
        "uploading the version",
        find_version,
        host.api.pipeline_uploads.upload_pipeline_version,
        uploadfile=str(package.path),
        name=package.version,
        pipelineid=pipeline.pipeline_id,
        description=_DESCRIPTION,
    )
    return Uploaded(
        pipeline_id=pipeline.pipeline_id,
        version_id=version.pipeline_version_id,
        version=package.version,
        is_new_pipeline=is_new_pipeline,
        is_new_version=is_new_version,
    )


def ensure_experiment(host: PipelinesHost, name: str) -> tuple[str, bool]:
    """Creates an experiment, unless it exists; returns its id, and whether it is new.

    Raises:
        kubeflow.client.errors.HostError: If the host fails.
    """
    from kfp_server_api import V2beta1Experiment

    def find() -> Any:
        return _first(
            host, "looking for the experiment", host.api.experiments.list_experiments,
            "experiments", name, namespace=host.namespace,
        )  # fmt: skip

    experiment, is_new = _find_or_create(
        host,
        "creating the experiment",
        find,
        host.api.experiments.create_experiment,
        body=V2beta1Experiment(display_name=name, namespace=host.namespace),
    )
    return experiment.experiment_id, is_new


def start_run(
    host: PipelinesHost,
    uploaded: Uploaded,
    experiment_id: str,
    name: str,
    parameters: dict[str, Any],
    service_account: str | None = None,
) -> Any:
    """Starts a run of a version, in an experiment; returns it as the host does.

    The run's name begins with `name`. Without a service account its pods have KFP's default.
    """
    import kfp_server_api as models

    # A unique name, to find a run whose response was lost.
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    run_name = f"{name}-{stamp}-{secrets.token_hex(2)}"
    return host.create(
        "starting the run",
        lambda: _first(
            host,
            "looking for the run",
            host.api.runs.list_runs,
            "runs",
            run_name,
            experiment_id=experiment_id,
        ),  # fmt: skip
        host.api.runs.create_run,
        body=models.V2beta1Run(
            display_name=run_name,
            experiment_id=experiment_id,
            pipeline_version_reference=models.V2beta1PipelineVersionReference(
                pipeline_id=uploaded.pipeline_id, pipeline_version_id=uploaded.version_id
            ),
            runtime_config=models.V2beta1RuntimeConfig(parameters=parameters),
            service_account=service_account,
        ),
    )


_DESCRIPTION = "Made by python -m kubeflow deploy"


def _find_or_create(
    host: PipelinesHost, doing: str, find: Any, action: Any, **arguments: Any
) -> tuple[Any, bool]:
    """What exists or is created now, and whether it is new."""
    existing = find()
    if existing is not None:
        return existing, False
    return host.create(doing, find, action, **arguments), True


def _first(
    host: PipelinesHost, doing: str, action: Any, items: str, name: str, **arguments: Any
) -> Any:
    """The first item of this name, if there is one."""
    query = {key: value for key, value in arguments.items() if value is not None}
    listed = host.pages(doing, action, items, filter=named(name), **query)
    # Compared again: an older server may ignore the filter.
    return next((item for item in listed if item.display_name == name), None)
