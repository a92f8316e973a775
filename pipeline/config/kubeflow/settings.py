"""The `kubeflow` section: how the pipeline runs on a cluster with Kubeflow Pipelines.

It does not affect results, and no part of it is part of a cache key.
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
from pipeline.nodes import NODES

DEFAULT = "default"
"""The entry of `resources` for nodes without an entry of their own."""
METADATA_FILES = "/var/run/secrets/image-pipeline/metadata"
"""Where the metadata store's credentials are mounted, with `secret_as: files`."""
IMAGE_USER = 1000
"""User and group of the image (kubeflow/Dockerfile)."""
SHARED_MEMORY = "shared-memory"
"""Name of the volume for `/dev/shm`."""

_RESERVED = re.compile(r"METADATA_|KFP_|TRAINING_JOB$")
_OBJECT_STORES = ("s3://", "minio://", "s3a://")


def check_root(root: str) -> str:
    """Accepts an absolute path or a `gs://` URL.

    Raises:
        ValueError: It is neither; the message says how to mount other object stores.
    """
    if root.startswith(_OBJECT_STORES):
        scheme = root.partition("://")[0]
        raise ValueError(
            f"TFX cannot write to {scheme}://; mount the bucket as a volume (a CSI driver for S3 "
            "provides a claim), name the claim in kubeflow.volumes, and give its mount path"
        )
    if re.fullmatch(r"gs://[^/\s]+(/\S*)?", root) or re.fullmatch(r"(/[^/\s]+)+", root):
        return root
    raise ValueError("give the absolute path of a mounted folder, or gs://BUCKET/FOLDER")


def check_image(image: str) -> str:
    """Accepts an image's name; capitals are allowed in a registry's host and in a tag only.

    Raises:
        ValueError: A cluster could not pull it (distribution/reference of the Docker registry).
    """
    name = image.partition("@")[0]
    host, slash, rest = name.partition("/")
    path = rest if slash and (set(host) & set(".:") or host == "localhost") else name
    path = path.rpartition(":")[0] or path
    if path != path.lower():
        raise ValueError(
            f"received {image}; allowed: capitals in the tag only, so write "
            f"{image.replace(path, path.lower())}, and name it so when you push it"
        )
    return image


class RetrySettings(Settings):
    """Retries of a task whose pod fails, e.g. when a node is drained."""

    count: Annotated[int, Field(ge=0, le=10)] = 2
    """How often a failed task is retried."""
    backoff_seconds: Annotated[int, Field(ge=0, le=86400)] = 30
    """Wait before the first retry, in seconds."""
    backoff_factor: Annotated[int, Field(ge=1, le=10)] = 2
    """Factor by which each further wait is longer; a whole number, as Argo reads no other."""
    window_seconds: Annotated[int, Field(ge=60, le=365 * 86400)] = 7 * 86400
    """How long after its first start a task is retried, in seconds; a retry that still runs at
    the end of that time is stopped. Longer than any training (a week)."""


class SecuritySettings(Settings):
    """User and group of the containers; the image's own user is not root. Needs KFP 2.16."""

    run_as_user: Annotated[int, Field(ge=0)] | None = None
    """User id; empty is the image's."""
    run_as_group: Annotated[int, Field(ge=0)] | None = None
    """Group id; empty is the image's."""
    run_as_non_root: bool | None = None
    """Whether Kubernetes refuses to start the container as root."""

    @model_validator(mode="after")
    def _is_coherent(self) -> "SecuritySettings":
        if self.run_as_non_root and self.run_as_user == 0:
            raise ValueError("run_as_user: 0 is root, and run_as_non_root forbids it")
        return self


class KubeflowSettings(Settings):
    """How the pipeline runs on a cluster with Kubeflow Pipelines (KFP) 2.3 or newer."""

    image: Annotated[
        str,
        Field(min_length=1, pattern=r"^\S+$"),
        AfterValidator(check_image),
        Doc("name of an image"),
    ]
    """Container image with this project installed (`make image` builds it)."""
    image_pull_secrets: tuple[ObjectName, ...] = ()
    """Image pull secrets, for a private registry."""
    root: Annotated[
        str, AfterValidator(check_root), Doc("absolute path on a volume, or gs://BUCKET/FOLDER")
    ]
    """The workspace of the cluster: artifacts, pushed models, checkpoints."""
    volumes: Volumes = {}
    """PersistentVolumeClaims, each with the path at which every task mounts it."""
    metadata: ClusterMetadataSettings = ClusterMetadataSettings()
    """TFX's metadata store."""
    pipeline: str | None = None
    """Name of the pipeline in KFP; empty is the model's name."""
    experiment: str | None = None
    """KFP experiment of the runs; empty is the pipeline's name."""
    service_account: ObjectName | None = None
    """Service account of the pods; empty is KFP's default (`pipeline-runner`, `default-editor`)."""
    security_context: SecuritySettings | None = None
    """User and group of the containers; empty is the image's."""
    retries: RetrySettings = RetrySettings()
    """Retries of a task whose pod fails."""
    env: Variables = {}
    """Environment variables of every task; not for secrets: the compiled file contains them."""
    secrets: tuple[SecretSettings, ...] = ()
    """Kubernetes Secrets that every task gets."""
    resources: Annotated[
        dict[str, ResourceSettings],
        Doc("{NODE: section, see below, ...}; NODE is a node's id, or default"),
    ] = {}
    """What each task's pod requests; `default` is for nodes without an entry of their own."""
    training: TrainingJobSettings | None = None
    """Training on several pods, each with the Trainer's resources; empty trains in the Trainer's
    own pod."""
    serving: ServingSettings = ServingSettings()
    """Model servers, for which `python -m kubeflow serving` writes manifests."""

    def resources_of(self, node_id: str) -> ResourceSettings:
        """What the pod of a node requests."""
        return self.resources.get(node_id) or self.resources.get(DEFAULT) or ResourceSettings()

    def volumes_of(self, node_id: str) -> dict[str, MountPath]:
        """Claim and mount path of every volume of a node."""
        return {**self.volumes, **self.resources_of(node_id).volumes}

    def env_of(self, node_id: str) -> dict[str, str]:
        """The environment variables of a node, without those from secrets."""
        return {**self.env, **self.resources_of(node_id).env}

    def secrets_of(self, node_id: str) -> tuple[SecretSettings, ...]:
        """The secrets of a node, without the metadata store's."""
        return (*self.secrets, *self.resources_of(node_id).secrets)

    def is_on_a_volume(self, path: str) -> bool:
        """Whether a path is on a volume that every task mounts."""
        return any(path == mount or path.startswith(f"{mount}/") for mount in self.volumes.values())

    @model_validator(mode="after")
    def _nodes_exist(self) -> "KubeflowSettings":
        for name in self.resources:
            if name not in (*NODES, DEFAULT):
                matches = difflib.get_close_matches(name, (*NODES, DEFAULT), n=1, cutoff=0.5)
                question = f" Did you mean {matches[0]}?" if matches else ""
                raise ValueError(
                    f"resources.{name}: is not a node.{question} "
                    f"Nodes: {', '.join(NODES)}; {DEFAULT} is for all others"
                )
        return self

    @model_validator(mode="after")
    def _root_is_persistent(self) -> "KubeflowSettings":
        if not self.root.startswith("gs://") and not self.is_on_a_volume(self.root):
            mounts = ", ".join(self.volumes.values()) or "none"
            raise ValueError(
                "root: is not on a volume, so every task would start with an empty folder; add "
                f"one to kubeflow.volumes, like {{image-pipeline: {self.root}}}. Mounted: {mounts}"
            )
        return self

    @model_validator(mode="after")
    def _nothing_conflicts(self) -> "KubeflowSettings":
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
            duplicates = sorted({value for value in values if values.count(value) > 1})
            if duplicates:
                # KFP names a volume after its claim or secret, and each name may be used once.
                raise ValueError(
                    f"the same {what} is mounted twice in one pod ({node_id}): "
                    f"{', '.join(duplicates)}"
                )

    def _check_variables(self, node_id: str) -> None:
        names = list(self.env_of(node_id))
        names += [name for secret in self.secrets_of(node_id) for name in secret.env]
        duplicates = sorted({name for name in names if names.count(name) > 1})
        if duplicates:
            raise ValueError(f"variables are set twice for {node_id}: {', '.join(duplicates)}")
        reserved = sorted(name for name in names if _RESERVED.match(name))
        if reserved:
            raise ValueError(
                f"{', '.join(reserved)}: is reserved for the pipeline (TRAINING_JOB, METADATA_*, "
                "KFP_*); for the metadata store's credentials use kubeflow.metadata.secret"
            )
