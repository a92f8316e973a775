"""The folder of the pushed versions: a path on a volume, or a URL."""

from dataclasses import dataclass

from pipeline.config.kubeflow.settings import KubeflowSettings
from pipeline.config.schema import PipelineConfig
from pipeline.run.paths import Workspace


@dataclass(frozen=True)
class ModelLocation:
    """The folder that has a subfolder for each version.

    Attributes:
        path: Its path in the pipeline's pods, or its URL.
        claim: PersistentVolumeClaim of its volume; None for a URL.
        mount: Mount path of that volume; None for a URL.
    """

    path: str
    claim: str | None = None
    mount: str | None = None

    @property
    def storage_uri(self) -> str:
        """KServe's `storageUri`: `pvc://CLAIM/PATH`, or the URL."""
        if self.claim is None or self.mount is None:
            return self.path
        return f"pvc://{self.claim}{self.path.removeprefix(self.mount)}"


def find_model(config: PipelineConfig, settings: KubeflowSettings) -> ModelLocation:
    """The location of a model's versions."""
    folder = Workspace(settings.root).serving(config)
    if "://" in folder:
        return ModelLocation(folder)
    mounts = {mount: claim for claim, mount in settings.volumes.items()}
    # If one volume is mounted inside another, the folder is on the inner one.
    mount = max((path for path in mounts if f"{folder}/".startswith(f"{path}/")), key=len)
    return ModelLocation(folder, mounts[mount], mount)
