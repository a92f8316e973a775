"""The `beam` section: where Beam runs the components that process all images."""

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
    """Beam's DirectRunner: on this machine in a local run, in the component's pod on a cluster."""

    mode: Literal["in_memory", "multi_threading", "multi_processing"] = "in_memory"
    """`in_memory` runs in the component's own process; ingest still decodes on every core, and
    steps that do not need Beam run as a plain loop. `multi_processing` starts worker processes,
    each of which imports TensorFlow first (20 s per component on 2 cores): for many images on many
    cores."""
    workers: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Number of threads or processes in the other modes; empty is one for each core that this
    machine or pod may use."""

    @model_validator(mode="after")
    def _in_memory_has_one_worker(self) -> "DirectSettings":
        if self.mode == "in_memory" and self.workers not in (None, 1):
            raise ValueError(
                "workers: mode in_memory uses one; set mode: multi_processing for more"
            )
        return self


class WorkerSettings(Settings):
    """How Flink's and Spark's task managers run our Python code: exactly one of the three."""

    address: Address | None = None
    """Address of the Beam worker pool beside each task manager, e.g. `localhost:50000`."""
    command: str | None = None
    """Program in the task managers' image that starts a worker, e.g. `/opt/apache/beam/boot`."""
    image: str | None = None
    """Container image of the workers, for task managers that can start Docker containers."""

    @model_validator(mode="after")
    def _has_exactly_one(self) -> "WorkerSettings":
        if sum(value is not None for value in (self.address, self.command, self.image)) != 1:
            raise ValueError("give one of address, command and image")
        return self


class FlinkSettings(Settings):
    """A Flink cluster."""

    master: RestAddress | None = None
    """Flink's REST address, to which the job is submitted as one jar."""
    job_endpoint: Address | None = None
    """Beam job server in front of the cluster; replaces `master`."""
    version: Literal["1.15", "1.16", "1.17", "1.18"] = "1.18"
    """Flink version of the cluster at `master`; Beam 2.59 publishes jars for these."""
    job_server_jar: str | None = None
    """Beam's job server jar, a path or a URL, for `master`; empty downloads it from Maven."""
    parallelism: Annotated[int, Field(ge=1)] | None = None
    """Task slots per job; empty is the cluster's default."""
    workers: WorkerSettings
    """How our Python code is run."""
    mounts_root: bool = False
    """Whether the workers mount the pipeline root and the images at the same paths as this
    machine or pod."""

    @model_validator(mode="after")
    def _has_one_address(self) -> "FlinkSettings":
        _require_one_address("master", self.master, self.job_endpoint, self.job_server_jar)
        return self


class SparkSettings(Settings):
    """A Spark 3 cluster."""

    rest_url: RestAddress | None = None
    """Spark's REST address, to which the job is submitted as one jar, e.g. `http://spark:6066`."""
    job_endpoint: Address | None = None
    """Beam job server in front of the cluster; replaces `rest_url`."""
    job_server_jar: str | None = None
    """Beam's job server jar, a path or a URL, for `rest_url`; empty downloads it from Maven."""
    workers: WorkerSettings
    """How our Python code is run."""
    mounts_root: bool = False
    """Whether the workers mount the pipeline root and the images at the same paths as this
    machine or pod."""

    @model_validator(mode="after")
    def _has_one_address(self) -> "SparkSettings":
        _require_one_address("rest_url", self.rest_url, self.job_endpoint, self.job_server_jar)
        return self


class DataflowSettings(Settings):
    """Google Cloud Dataflow."""

    project: str
    """Google Cloud project, which is billed."""
    region: str
    """Region of the workers, e.g. `europe-west4`."""
    temp_location: Annotated[str, Field(pattern=r"^gs://[^/]+"), Doc("gs://BUCKET/FOLDER")]
    """Folder for temporary files of a job."""
    image: str
    """Container image of the workers: the target `beam` of `kubeflow/Dockerfile`."""
    service_account: str | None = None
    """Service account of the workers; empty is the project's default."""
    machine_type: str | None = None
    """Machine type of the workers, e.g. `n1-standard-4`; empty lets Dataflow choose."""
    max_workers: Annotated[int, Field(ge=1)] | None = None
    """Maximum number of workers per job; empty lets Dataflow choose."""


class BeamChoice(Settings):
    """How Beam runs one component. Empty settings are taken from the `beam` section."""

    runner: RunnerName | None = None
    """Runner of this component."""
    direct: DirectSettings | None = None
    """For runner direct."""
    flink: FlinkSettings | None = None
    """For runner flink."""
    spark: SparkSettings | None = None
    """For runner spark."""
    dataflow: DataflowSettings | None = None
    """For runner dataflow."""
    pipeline_args: tuple[str, ...] | None = None
    """Beam's own options; a component with its own `runner` does not inherit those of the `beam`
    section."""


class BeamComponents(Settings):
    """Settings of individual components, by name."""

    ingest: BeamChoice | None = Field(default=None, alias="ImageExampleGen")
    """Reading, checking and splitting the images."""
    statistics: BeamChoice | None = Field(default=None, alias="StatisticsGen")
    """Counting labels, sizes and formats."""
    transform: BeamChoice | None = Field(default=None, alias="Transform")
    """The label vocabulary."""
    evaluation: BeamChoice | None = Field(default=None, alias="Evaluator")
    """Evaluating the model on the test split."""

    def by_id(self) -> dict[str, BeamChoice]:
        """The settings of each component that uses Beam, by its node id."""
        fields = type(self).model_fields.items()
        return {str(field.alias): getattr(self, name) or BeamChoice() for name, field in fields}


class BeamSettings(Settings):
    """How Beam runs ingest, statistics, the label vocabulary and the evaluation."""

    runner: RunnerName = "direct"
    """Runner: `direct` on this machine (or in the component's pod), or a cluster."""
    direct: DirectSettings = DirectSettings()
    """For runner direct."""
    flink: FlinkSettings | None = None
    """For runner flink."""
    spark: SparkSettings | None = None
    """For runner spark."""
    dataflow: DataflowSettings | None = None
    """For runner dataflow."""
    pipeline_args: tuple[str, ...] = ()
    """Beam's own options, one per string, added to those from the settings above; if they include
    `--runner=...`, they replace those settings."""
    components: BeamComponents = BeamComponents()
    """Overrides for individual components."""

    def for_component(self, node_id: str) -> "BeamSettings":
        """The settings of one component: its own, completed with those of all components."""
        own = self.components.by_id()[node_id]
        given = {name: getattr(own, name) for name in own.model_fields_set}
        given = {name: value for name, value in given.items() if value is not None}
        if "runner" in given:
            given.setdefault("pipeline_args", ())
        return self.model_copy(update=given)

    @property
    def named_runner(self) -> str | None:
        """The runner named in `pipeline_args`, if any."""
        return named_runner(self.pipeline_args)

    @property
    def is_remote(self) -> bool:
        """Whether other machines do the work."""
        if self.named_runner:
            return self.named_runner.lower() not in ("direct", "directrunner")
        return self.runner != "direct"

    @property
    def shares_disks(self) -> bool:
        """Whether the workers see the same folders at the same paths."""
        if not self.is_remote:
            return True
        cluster = {"flink": self.flink, "spark": self.spark}.get(self.runner)
        return bool(not self.named_runner and cluster and cluster.mounts_root)

    @model_validator(mode="after")
    def _is_complete(self) -> "BeamSettings":
        _require_no_second_runner(
            "", self.runner if "runner" in self.model_fields_set else None, self.pipeline_args
        )
        _require_section("", self)
        for node_id, own in self.components.by_id().items():
            _require_no_second_runner(f"components.{node_id}.", own.runner, own.pipeline_args or ())
            _require_section(f"components.{node_id}.", self.for_component(node_id))
        return self


def named_runner(pipeline_args: tuple[str, ...]) -> str | None:
    """The runner named in Beam's own options, if any."""
    for position, arg in enumerate(pipeline_args):
        if arg.startswith("--runner="):
            return arg.removeprefix("--runner=")
        if arg == "--runner":
            return " ".join(pipeline_args[position + 1 : position + 2])
    return None


def check_reachable(beam: BeamSettings, root: str, images: str | None = None) -> None:
    """Checks that the workers of remote runners can reach what they read and write.

    `root` is where the artifacts are, the workspace or the pipeline root; `images` is `data.path`.

    Raises:
        UserError: A component could not; names the first.
    """
    for node_id in beam.components.by_id():
        chosen = beam.for_component(node_id)
        read = {"the pipeline root": root}
        if node_id == "ImageExampleGen" and images:
            read["data.path"] = images
        for what, place in read.items():
            if not chosen.shares_disks and "://" not in place:
                runner = chosen.named_runner or chosen.runner
                raise UserError(
                    f"beam: {node_id} runs on {runner}, whose workers cannot reach {what}, "
                    f"{place}, on this machine's disk",
                    hint="Use URLs that the workers can read (gs://BUCKET/FOLDER), or set "
                    f"beam.components.{node_id}.runner to direct. If the Flink or Spark workers "
                    "mount the same volumes at the same paths, set mounts_root: true.",
                )


def _require_one_address(
    name: str, address: str | None, endpoint: str | None, jar: str | None
) -> None:
    if (address is None) == (endpoint is None):
        raise ValueError(f"give one of {name} and job_endpoint")
    if endpoint is not None and jar is not None:
        raise ValueError(f"job_server_jar: only used with {name}; the job server has its own")


def _require_no_second_runner(
    prefix: str, runner: str | None, pipeline_args: tuple[str, ...]
) -> None:
    named = named_runner(pipeline_args)
    if runner is not None and named is not None:
        raise ValueError(
            f"{prefix}pipeline_args: set the runner {named}, but {prefix}runner is {runner}; "
            "give only one of the two"
        )


def _require_section(prefix: str, chosen: BeamSettings) -> None:
    if chosen.named_runner is None and getattr(chosen, chosen.runner) is None:
        raise ValueError(
            f"{prefix}runner: {chosen.runner} needs the section beam.{prefix}{chosen.runner}, "
            "which says where the runner is"
        )
