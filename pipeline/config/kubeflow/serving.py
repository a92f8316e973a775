"""The `kubeflow.serving` section: the servers of the pushed versions on the cluster."""

from typing import Annotated

from pydantic import Field
from typing_extensions import Doc

from components.settings import Settings
from pipeline.config.kubeflow.kubernetes_types import Bytes, Cores, LabelKey, ObjectName
from pipeline.config.kubeflow.resources import SecretSettings, TolerationSettings, Variables


class ServingSettings(Settings):
    """Servers of the pushed versions, for `python -m kubeflow serving`; no part of a run."""

    name: (
        Annotated[
            str,
            Field(pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"),
            Doc("name: a lower-case letter, then up to 62 lower-case letters, digits and -"),
        ]
        | None
    ) = None
    """Name of the service; empty is the model's, in lower case."""
    namespace: ObjectName | None = None
    """Namespace, which has to have the volume too; empty is that of `kubectl apply`."""
    image: Annotated[str, Field(pattern=r"^[^\s@]+$"), Doc("name of an image, without its tag")] = (
        "tensorflow/serving"
    )
    """Image of TensorFlow Serving."""
    version: Annotated[str, Field(pattern=r"^\w[\w.-]{0,127}$"), Doc("tag of an image")] = "2.16.1"
    """Its tag, without `-gpu` (2.16.1: made of the TensorFlow that the model is trained with)."""
    replicas: Annotated[int, Field(ge=1, le=1000)] = 1
    """Number of servers."""
    cpu: Cores = "1"
    """CPU cores of a server, requested and at most (1 and 2Gi: as KServe's own runtime)."""
    memory: Bytes = "2Gi"
    """Memory of a server; while it changes versions it holds two of them."""
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    """Accelerators of a server; with one or more, the image's edition with `-gpu` is taken."""
    accelerator: LabelKey = "nvidia.com/gpu"
    """Type of accelerator, as nodes offer it."""
    node_selector: Annotated[dict[LabelKey, str], Doc("{label: value, ...}")] = {}
    """Labels that a node must have."""
    tolerations: tuple[TolerationSettings, ...] = ()
    """Taints of nodes to put up with."""
    service_account: ObjectName | None = None
    """Service account of the servers; for a bucket it is what gives them leave to read it."""
    env: Variables = {}
    """Environment variables; not for KServe."""
    secrets: tuple[SecretSettings, ...] = ()
    """Secrets, e.g. with the key of a bucket; not for KServe, which takes the service account's."""
