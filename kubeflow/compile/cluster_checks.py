"""Loads a configuration for a cluster, with checks that do not matter on one machine."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from components.errors import UserError
from components.example_gen.sources.spans import SPAN_PLACEHOLDER
from pipeline.cli.errors import config_errors
from pipeline.config.beam import check_reachable
from pipeline.config.errors import ConfigError, Problem
from pipeline.config.kubeflow.settings import KubeflowSettings
from pipeline.config.kubeflow.training import check_distribution
from pipeline.config.load import load_config
from pipeline.config.schema import PipelineConfig

from .parameters import run_parameters

_EXAMPLE = (
    "is missing; write for example `kubeflow: {image: registry.example/image-pipeline:1, "
    "root: /mnt/pipeline, volumes: {image-pipeline: /mnt/pipeline}}`, where image-pipeline is a "
    "PersistentVolumeClaim, or give the same with --set kubeflow.image=... --set kubeflow.root=... "
    "--set 'kubeflow.volumes={...}'"
)


def load_for_cluster(path: Path, overrides: Sequence[str] = ()) -> PipelineConfig:
    """Loads a configuration that has a `kubeflow` section; its paths need not exist here.

    Raises:
        ConfigError: With every problem found.
    """
    config = load_config(path, overrides, check_paths=False)
    problems = cluster_problems(config)
    if problems:
        raise ConfigError(problems)
    return config


def load_or_exit(path: Path, overrides: Sequence[str]) -> PipelineConfig:
    """As `load_for_cluster`; exits with code 2 and the problems if there are any."""
    with config_errors(path):
        return load_for_cluster(path, overrides)


def cluster_problems(config: PipelineConfig) -> list[Problem]:
    """Every problem that would otherwise show only in a pod, or never."""
    settings = config.kubeflow
    if settings is None:
        path = config.data.path
        return [Problem("kubeflow", _EXAMPLE), *(_absolute("data.path", path) if path else ())]
    checks = (_data, _files, _stages, _training, _beam)
    return [problem for check in checks for problem in check(config, settings)]


def _data(config: PipelineConfig, settings: KubeflowSettings) -> Iterator[Problem]:
    path = config.data.path
    if path is not None:
        yield from _check_location(
            "data.path", path.partition(SPAN_PLACEHOLDER)[0] or path, settings
        )
    elif config.data.source == "tfds":
        yield Problem(
            "data.path",
            "is needed on a cluster: TFDS' default folder is deleted with the pod; give a folder "
            "on a volume",
        )


def _files(config: PipelineConfig, settings: KubeflowSettings) -> Iterator[Problem]:
    if config.push.folder:
        yield from _check_location("push.folder", config.push.folder, settings)
    if config.data.corrections:
        yield from _check_location("data.corrections", config.data.corrections, settings)
    if config.data.schema_path:
        yield from _absolute("data.schema_path", config.data.schema_path)
    if config.model.weights not in ("imagenet", "bundled", "none"):
        yield from _absolute("model.weights", config.model.weights)


def _check_location(path: str, value: str, settings: KubeflowSettings) -> Iterator[Problem]:
    """Images and models must be accessible from every pod."""
    scheme, separator, _ = value.partition("://")
    if separator:
        if scheme != "gs":
            yield Problem(
                path,
                f"received {value}: the only supported object store is gs://; mount any other as a "
                "volume, and give its mount path",
            )
        return
    absolute = list(_absolute(path, value))
    yield from absolute
    if not absolute and not settings.is_on_a_volume(value.rstrip("/")):
        mounts = ", ".join(settings.volumes.values()) or "none"
        yield Problem(
            path,
            f"received {value}: is not on a volume of kubeflow.volumes, so pods would not find it; "
            f"mounted: {mounts}",
        )


def _absolute(path: str, value: str) -> Iterator[Problem]:
    if not value.startswith("/") and "://" not in value:
        yield Problem(
            path,
            f"received {value}: is relative to the working directory, which a pod does not have; "
            f"give an absolute path, in the file or with --set {path}=...",
        )


def _stages(config: PipelineConfig, _: KubeflowSettings) -> Iterator[Problem]:
    stages: dict[str, str] = {}
    for parameter in run_parameters(config):
        other = stages.setdefault(parameter.name, parameter.path)
        if other != parameter.path:
            yield Problem(
                parameter.path.rpartition(".")[0],
                f"its name becomes the parameter {parameter.name} in KFP, as that of "
                f"{other.rpartition('.')[0]} does; rename one",
            )


def _training(config: PipelineConfig, settings: KubeflowSettings) -> Iterator[Problem]:
    distribution = config.trainer.distribution
    gpus = settings.resources_of("Trainer").gpus
    try:
        check_distribution(distribution, settings.training)
    except ValueError as error:
        yield Problem("kubeflow.training", str(error).partition(": ")[2])
    if distribution == "one_device" and gpus > 1 and settings.training is None:
        yield Problem(
            "trainer.distribution",
            f"received one_device: the Trainer's pod has {gpus} GPUs, and would use only one; set "
            "it to auto, or gpus to 1",
        )


def _beam(config: PipelineConfig, settings: KubeflowSettings) -> Iterator[Problem]:
    try:
        check_reachable(config.beam, settings.root, config.data.path)
    except UserError as error:
        yield Problem("beam", f"{error.message.removeprefix('beam: ')}. {error.hint}")
