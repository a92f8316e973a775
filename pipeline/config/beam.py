"""The `beam` section: where Beam runs what is done to all images."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Doc

from components.errors import UserError
from components.settings import Settings

RunnerName = Literal["direct", "flink", "spark", "dataflow"]
Address = Annotated[str, Field(pattern=r"^[^\s/:]+:\d{1,5}$"), Doc("HOST:PORT")]
RestAddress = Annotated[
    str, Field(pattern=r"^(https?://)?[^\s/:]+:\d{1,5}$"), Doc("HOST:PORT or http://HOST:PORT")
]


class DirectSettings(Settings):
    """Beam's own runner, on this machine: in a local run, or in the component's pod."""

    mode: Literal["in_memory", "multi_threading", "multi_processing"] = "in_memory"
    """`in_memory` works in the component's own process, where ingest decodes on every core, and
    leaves out Beam's steps where a loop does. `multi_processing` works in several more processes,
    which import TensorFlow first (20 s a component on 2 cores): for many images on many cores."""
    workers: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Threads or processes of the other modes; empty is one for each core that this machine or pod
    may use."""

    @model_validator(mode="after")
    def _in_memory_is_one(self) -> "DirectSettings":
        if self.mode == "in_memory" and self.workers not in (None, 1):
            raise ValueError("workers: mode in_memory has one; write mode: multi_processing")
        return self


class WorkerSettings(Settings):
    """Where Flink's and Spark's task managers find our Python code: one of the three."""

    address: Address | None = None
    """Beam worker pool beside each task manager, e.g. `localhost:50000`."""
    command: str | None = None
    """Program in the task managers' own image that boots a worker, e.g. `/opt/apache/beam/boot`."""
    image: str | None = None
    """Container image, where the task managers can start containers with Docker."""

    @model_validator(mode="after")
    def _is_one(self) -> "WorkerSettings":
        if sum(value is not None for value in (self.address, self.command, self.image)) != 1:
            raise ValueError("give one of address, command and image")
        return self


class FlinkSettings(Settings):
    """A Flink cluster."""

    master: RestAddress | None = None
    """Flink's REST address, to which the job is sent as one jar."""
    job_endpoint: Address | None = None
    """Beam job server in front of the cluster; takes the place of `master`."""
    version: Literal["1.15", "1.16", "1.17", "1.18"] = "1.18"
    """Version of the cluster at `master` (those that Beam 2.59 publishes jars for)."""
    job_server_jar: str | None = None
    """Beam's job server jar, a path or a URL, for `master`; empty downloads it from Maven."""
    parallelism: Annotated[int, Field(ge=1)] | None = None
    """Task slots that a job takes; empty is the cluster's default."""
    workers: WorkerSettings
    """What runs our Python code."""
    mounts_root: bool = False
    """Whether the workers mount the pipeline's root and the images at the same paths."""

    @model_validator(mode="after")
    def _has_one_door(self) -> "FlinkSettings":
        _one_door("master", self.master, self.job_endpoint, self.job_server_jar)
        return self


class SparkSettings(Settings):
    """A Spark 3 cluster."""

    rest_url: RestAddress | None = None
    """Spark's REST address, to which the job is sent as one jar, e.g. `http://spark:6066`."""
    job_endpoint: Address | None = None
    """Beam job server in front of the cluster; takes the place of `rest_url`."""
    job_server_jar: str | None = None
    """Beam's job server jar, a path or a URL, for `rest_url`; empty downloads it from Maven."""
    workers: WorkerSettings
    """What runs our Python code."""
    mounts_root: bool = False
    """Whether the workers mount the pipeline's root and the images at the same paths."""

    @model_validator(mode="after")
    def _has_one_door(self) -> "SparkSettings":
        _one_door("rest_url", self.rest_url, self.job_endpoint, self.job_server_jar)
        return self


class DataflowSettings(Settings):
    """Google Cloud Dataflow."""

    project: str
    """Google Cloud project that is billed."""
    region: str
    """Region of the workers, e.g. `europe-west4`."""
    temp_location: Annotated[str, Field(pattern=r"^gs://[^/]+"), Doc("gs://BUCKET/FOLDER")]
    """Folder for what a job leaves while it runs."""
    image: str
    """Image of the workers, with this project in it: the target `beam` of `kubeflow/Dockerfile`."""
    service_account: str | None = None
    """Service account of the workers; empty is the project's default."""
    machine_type: str | None = None
    """Machines of the workers, e.g. `n1-standard-4`; empty leaves it to Dataflow."""
    max_workers: Annotated[int, Field(ge=1)] | None = None
    """Most workers of a job; empty leaves it to Dataflow."""


class BeamChoice(Settings):
    """How Beam runs one component. What is empty is as for all of them."""

    runner: RunnerName | None = None
    """Where it runs."""
    direct: DirectSettings | None = None
    """For runner direct."""
    flink: FlinkSettings | None = None
    """For runner flink."""
    spark: SparkSettings | None = None
    """For runner spark."""
    dataflow: DataflowSettings | None = None
    """For runner dataflow."""
    pipeline_args: tuple[str, ...] | None = None
    """Beam's own options; a `runner` of its own takes none of those for all components."""


class BeamComponents(Settings):
    """Settings of single components, by their names."""

    ingest: BeamChoice | None = Field(default=None, alias="ImageExampleGen")
    """Reading, checking and splitting the images."""
    statistics: BeamChoice | None = Field(default=None, alias="StatisticsGen")
    """Counting labels, sizes and formats."""
    transform: BeamChoice | None = Field(default=None, alias="Transform")
    """The label vocabulary."""
    evaluation: BeamChoice | None = Field(default=None, alias="Evaluator")
    """Measuring the model on the test split."""

    def by_id(self) -> dict[str, BeamChoice]:
        """The settings of each component that Beam has a part in, by its node id."""
        fields = type(self).model_fields.items()
        return {str(field.alias): getattr(self, name) or BeamChoice() for name, field in fields}


class BeamSettings(Settings):
    """How Beam runs ingest, statistics, the label vocabulary and the evaluation."""

    runner: RunnerName = "direct"
    """Where they run: on this machine (in the component's pod), or on a cluster."""
    direct: DirectSettings = DirectSettings()
    """For runner direct."""
    flink: FlinkSettings | None = None
    """For runner flink."""
    spark: SparkSettings | None = None
    """For runner spark."""
    dataflow: DataflowSettings | None = None
    """For runner dataflow."""
    pipeline_args: tuple[str, ...] = ()
    """Beam's own options, one a string, put after those that follow from the settings above; with
    `--runner=...` among them they take the place of those."""
    components: BeamComponents = BeamComponents()
    """What is different for single components."""

    def for_component(self, node_id: str) -> "BeamSettings":
        """What holds for one component: its own settings, then those for all."""
        own = self.components.by_id()[node_id]
        given = {name: getattr(own, name) for name in own.model_fields_set}
        given = {name: value for name, value in given.items() if value is not None}
        if "runner" in given:
            given.setdefault("pipeline_args", ())
        return self.model_copy(update=given)

    @property
    def named_runner(self) -> str | None:
        """The runner that `pipeline_args` name, if they do."""
        return named_runner(self.pipeline_args)

    @property
    def is_remote(self) -> bool:
        """Whether the work is done by other machines."""
        if self.named_runner:
            return self.named_runner.lower() not in ("direct", "directrunner")
        return self.runner != "direct"

    @property
    def shares_disks(self) -> bool:
        """Whether who does the work sees the same folders."""
        if not self.is_remote:
            return True
        cluster = {"flink": self.flink, "spark": self.spark}.get(self.runner)
        return bool(not self.named_runner and cluster and cluster.mounts_root)

    @model_validator(mode="after")
    def _is_complete(self) -> "BeamSettings":
        _agree("", self.runner if "runner" in self.model_fields_set else None, self.pipeline_args)
        _has_section("", self)
        for node_id, own in self.components.by_id().items():
            _agree(f"components.{node_id}.", own.runner, own.pipeline_args or ())
            _has_section(f"components.{node_id}.", self.for_component(node_id))
        return self


def named_runner(pipeline_args: tuple[str, ...]) -> str | None:
    """The runner that Beam's own options name, if they do."""
    for position, arg in enumerate(pipeline_args):
        if arg.startswith("--runner="):
            return arg.removeprefix("--runner=")
        if arg == "--runner":
            return " ".join(pipeline_args[position + 1 : position + 2])
    return None


def check_places(beam: BeamSettings, root: str, images: str | None = None) -> None:
    """Refuses a runner elsewhere whose workers could not reach what they read and write.

    Args:
        beam: Settings.
        root: Where the pipeline keeps its artifacts: the workspace, or the pipeline root.
        images: `data.path`.

    Raises:
        UserError: Of the first component that could not.
    """
    for node_id in beam.components.by_id():
        chosen = beam.for_component(node_id)
        read = {"the pipeline's root": root}
        if node_id == "ImageExampleGen" and images:
            read["data.path"] = images
        for what, place in read.items():
            if not chosen.shares_disks and "://" not in place:
                runner = chosen.named_runner or chosen.runner
                raise UserError(
                    f"beam: {node_id} runs on {runner}, whose workers cannot reach {what}, "
                    f"{place}: it is on a disk of this machine",
                    hint="Give both as URLs that the workers can read (gs://BUCKET/FOLDER), or set "
                    f"beam.components.{node_id}.runner to direct. Where Flink's or Spark's workers "
                    "mount the same volumes at the same paths, say so with mounts_root: true.",
                )


def _one_door(name: str, address: str | None, endpoint: str | None, jar: str | None) -> None:
    if (address is None) == (endpoint is None):
        raise ValueError(f"give one of {name} and job_endpoint")
    if endpoint is not None and jar is not None:
        raise ValueError(f"job_server_jar: goes with {name}; the job server has its own")


def _agree(prefix: str, runner: str | None, pipeline_args: tuple[str, ...]) -> None:
    named = named_runner(pipeline_args)
    if runner is not None and named is not None:
        raise ValueError(
            f"{prefix}pipeline_args: name the runner {named}, and {prefix}runner is {runner}; "
            "give one of the two"
        )


def _has_section(prefix: str, chosen: BeamSettings) -> None:
    if chosen.named_runner is None and getattr(chosen, chosen.runner) is None:
        raise ValueError(
            f"{prefix}runner: {chosen.runner} needs the section beam.{prefix}{chosen.runner}, "
            "which says where it is"
        )
