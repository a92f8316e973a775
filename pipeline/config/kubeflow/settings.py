"""The `kubeflow` section: how the pipeline runs on a cluster with Kubeflow Pipelines.

It says nothing about what comes out: no part of it is ever part of what is cached.
"""

import difflib
import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import Doc

from components.settings import Settings
from pipeline.config.kubeflow.kubernetes_types import MountPath, ObjectName
from pipeline.config.kubeflow.metadata import ClusterMetadataSettings
from pipeline.config.kubeflow.resources import ResourceSettings, SecretSettings, Variables, Volumes
from pipeline.config.kubeflow.serving import ServingSettings
from pipeline.config.kubeflow.training import TrainingJobSettings

NODES = (
    "ImageExampleGen", "StatisticsGen", "SchemaGen", "ExampleCheck", "Transform", "EarlierModel",
    "Trainer", "Baseline", "Evaluator", "InfraValidator", "ServingCheck", "Pusher", "Report",
)  # fmt: skip
"""Every node that `create_pipeline` may compose."""
DEFAULT = "default"
"""The entry of `resources` for nodes that have none of their own."""
METADATA_FILES = "/var/run/secrets/image-pipeline/metadata"
"""Where the metadata's credentials are mounted, if they come as files."""
SHARED_MEMORY = "shared-memory"
"""Name of the volume that is a pod's shared memory."""

_RESERVED = re.compile(r"METADATA_|KFP_|TRAINING_JOB$")
_OBJECT_STORES = ("s3://", "minio://", "s3a://")


def check_root(root: str) -> str:
    """Takes a folder or `gs://`, and tells how to come by one.

    Raises:
        ValueError: It is neither.
    """
    if root.startswith(_OBJECT_STORES):
        scheme = root.partition("://")[0]
        raise ValueError(
            f"{scheme}:// is no place that TFX writes to; mount the bucket as a volume (a CSI "
            "driver for S3 makes a claim of it), name the claim in kubeflow.volumes, and give the "
            "path it is mounted at"
        )
    if re.fullmatch(r"gs://[^/\s]+(/\S*)?", root) or re.fullmatch(r"(/[^/\s]+)+", root):
        return root
    raise ValueError("give the absolute path of a mounted folder, or gs://BUCKET/FOLDER")


class RetrySettings(Settings):
    """What happens when a pod fails: a node was drained, a network broke."""

    count: Annotated[int, Field(ge=0, le=10)] = 2
    """How often a failed task is tried again."""
    backoff_seconds: Annotated[int, Field(ge=0, le=86400)] = 30
    """Wait before the first retry, in seconds."""
    backoff_factor: Annotated[float, Field(ge=1, le=10)] = 2.0
    """How many times longer each next wait is."""
    backoff_max_seconds: Annotated[int, Field(ge=1, le=3600)] = 3600
    """Longest wait, in seconds (3600: KFP's largest)."""


class SecuritySettings(Settings):
    """As whom containers run. From KFP 2.16 on; the image itself has a user who is not root."""

    run_as_user: Annotated[int, Field(ge=0)] | None = None
    """Number of the user; empty is the image's."""
    run_as_group: Annotated[int, Field(ge=0)] | None = None
    """Number of the group; empty is the image's."""
    run_as_non_root: bool | None = None
    """Whether Kubernetes refuses to start a container as root."""

    @model_validator(mode="after")
    def _is_coherent(self) -> "SecuritySettings":
        if self.run_as_non_root and self.run_as_user == 0:
            raise ValueError("run_as_user: 0 is root, and run_as_non_root forbids it")
        return self


class KubeflowSettings(Settings):
    """How the pipeline runs on a cluster with Kubeflow Pipelines (KFP) 2.2 or newer."""

    image: Annotated[str, Field(min_length=1, pattern=r"^\S+$"), Doc("name of an image")]
    """Container image with this project in it (`make image`)."""
    image_pull_secrets: tuple[ObjectName, ...] = ()
    """Secrets that the image is pulled with."""
    root: Annotated[
        str, AfterValidator(check_root), Doc("absolute path on a volume, or gs://BUCKET/FOLDER")
    ]
    """What a workspace is on one machine: artifacts, models in service, checkpoints."""
    volumes: Volumes = {}
    """Claims (PersistentVolumeClaims), each with the path that every task has it at."""
    metadata: ClusterMetadataSettings = ClusterMetadataSettings()
    """Where TFX keeps its metadata."""
    pipeline: str | None = None
    """Name of the pipeline in KFP; empty is the model's name."""
    experiment: str | None = None
    """Experiment that runs belong to; empty is the pipeline's name."""
    service_account: ObjectName | None = None
    """Service account of the pods; empty is KFP's own (`pipeline-runner`, `default-editor`)."""
    security_context: SecuritySettings | None = None
    """As whom containers run; empty: as the user of the image."""
    retries: RetrySettings = RetrySettings()
    """What happens when a pod fails."""
    env: Variables = {}
    """Environment variables of every task; no secrets, they are in the compiled file."""
    secrets: tuple[SecretSettings, ...] = ()
    """Secrets of the cluster that every task gets."""
    resources: Annotated[
        dict[str, ResourceSettings],
        Doc("{NODE: section, see below, ...}; NODE is a node's id, or default"),
    ] = {}
    """What each task's pod asks for; `default` is for nodes without an entry of their own."""
    training: TrainingJobSettings | None = None
    """Training on several pods, each with the Trainer's resources; empty trains in the Trainer's
    own pod."""
    serving: ServingSettings = ServingSettings()
    """Servers of what is pushed, which `python -m kubeflow serving` makes manifests of."""

    def resources_of(self, node_id: str) -> ResourceSettings:
        """What the pod of a node asks for."""
        return self.resources.get(node_id) or self.resources.get(DEFAULT) or ResourceSettings()

    def volumes_of(self, node_id: str) -> dict[str, MountPath]:
        """Claim and path of every volume that a node has."""
        return {**self.volumes, **self.resources_of(node_id).volumes}

    def env_of(self, node_id: str) -> dict[str, str]:
        """Every environment variable of a node that is no secret."""
        return {**self.env, **self.resources_of(node_id).env}

    def secrets_of(self, node_id: str) -> tuple[SecretSettings, ...]:
        """Every secret of a node but the metadata's."""
        return (*self.secrets, *self.resources_of(node_id).secrets)

    def is_on_a_volume(self, path: str) -> bool:
        """Whether a path is on a volume that every task has."""
        return any(path == mount or path.startswith(f"{mount}/") for mount in self.volumes.values())

    @model_validator(mode="after")
    def _nodes_exist(self) -> "KubeflowSettings":
        for name in self.resources:
            if name not in (*NODES, DEFAULT):
                close = difflib.get_close_matches(name, (*NODES, DEFAULT), n=1, cutoff=0.5)
                question = f" Did you mean {close[0]}?" if close else ""
                raise ValueError(
                    f"resources.{name}: there is no such node.{question} "
                    f"Nodes: {', '.join(NODES)}; {DEFAULT} is for all others"
                )
        return self

    @model_validator(mode="after")
    def _root_lasts(self) -> "KubeflowSettings":
        if not self.root.startswith("gs://") and not self.is_on_a_volume(self.root):
            mounts = ", ".join(self.volumes.values()) or "none"
            raise ValueError(
                "root: is on no volume, so every task would start with an empty one; name one in "
                f"kubeflow.volumes, as in {{image-pipeline: {self.root}}}. Mounted are: {mounts}"
            )
        return self

    @model_validator(mode="after")
    def _nothing_collides(self) -> "KubeflowSettings":
        for node_id in (DEFAULT, *self.resources):
            self._check_mounts(node_id)
            self._check_variables(node_id)
        return self

    def _check_mounts(self, node_id: str) -> None:
        secrets = [(s.name, s.files) for s in self.secrets_of(node_id) if s.files]
        if self.metadata.secret and self.metadata.secret_as == "files":
            secrets.append((self.metadata.secret, METADATA_FILES))
        mounts = [*self.volumes_of(node_id).items(), *secrets]
        if self.resources_of(node_id).shared_memory:
            mounts.append((SHARED_MEMORY, "/dev/shm"))
        for what, values in (("name", [m[0] for m in mounts]), ("path", [m[1] for m in mounts])):
            twice = sorted({value for value in values if values.count(value) > 1})
            if twice:
                # KFP names a pod's volume after the claim or the secret: a pod has each name once.
                raise ValueError(
                    f"the same {what} is mounted twice in one pod ({node_id}): {', '.join(twice)}"
                )

    def _check_variables(self, node_id: str) -> None:
        names = list(self.env_of(node_id))
        names += [name for secret in self.secrets_of(node_id) for name in secret.env]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"variables are set twice for {node_id}: {', '.join(twice)}")
        reserved = sorted(name for name in names if _RESERVED.match(name))
        if reserved:
            raise ValueError(
                f"{', '.join(reserved)}: the pipeline sets TRAINING_JOB and what starts with "
                "METADATA_ or KFP_; for the metadata's credentials use kubeflow.metadata.secret"
            )
