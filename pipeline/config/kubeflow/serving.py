"""`kubeflow.serving`: servers of the pushed model on the cluster."""

from typing import Annotated

from pydantic import Field
from typing_extensions import Doc

from components.settings import Settings
from pipeline.config.kubeflow.kubernetes_types import Bytes, Cores, LabelKey, ObjectName
from pipeline.config.kubeflow.resources import SecretSettings, TolerationSettings, Variables


class ServingSettings(Settings):
    """Servers of the pushed model, for `python -m kubeflow serving`; runs do not use them."""

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
    """Namespace, which needs the volume too; empty is that of `kubectl apply`."""
    image: Annotated[str, Field(pattern=r"^[^\s@]+$"), Doc("name of an image, without its tag")] = (
        "tensorflow/serving"
    )
    """Image of TensorFlow Serving."""
    version: Annotated[str, Field(pattern=r"^\w[\w.-]{0,127}$"), Doc("tag of an image")] = "2.16.1"
    """Its tag, without `-gpu` (2.16.1: the TensorFlow version that trains the model)."""
    replicas: Annotated[int, Field(ge=1, le=1000)] = 1
    """Number of servers."""
    cpu: Cores = "1"
    """CPU cores of a server, as request and limit (1 and 2Gi are KServe's defaults)."""
    memory: Bytes = "2Gi"
    """Memory of a server; during a change of versions it has both in memory."""
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    """Accelerators of a server; with one or more, the `-gpu` image is used."""
    accelerator: LabelKey = "nvidia.com/gpu"
    """Resource name of the accelerator."""
    node_selector: Annotated[dict[LabelKey, str], Doc("{label: value, ...}")] = {}
    """Labels that a node must have."""
    tolerations: tuple[TolerationSettings, ...] = ()
    """Tolerations: taints of nodes that the pods may run on."""
    service_account: ObjectName | None = None
    """Service account of the servers; it needs read access to a bucket with the model."""
    env: Variables = {}
    """Environment variables; not for KServe."""
    secrets: tuple[SecretSettings, ...] = ()
    """Secrets, e.g. a bucket's key; not for KServe, which uses the service account's."""
