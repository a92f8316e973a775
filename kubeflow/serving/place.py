"""Where the pushed versions are, as a pod finds them."""

from dataclasses import dataclass

from pipeline.config.kubeflow.settings import KubeflowSettings
from pipeline.config.schema import PipelineConfig
from pipeline.run.paths import Workspace


@dataclass(frozen=True)
class Place:
    """The folder with a subfolder for each version.

    Attributes:
        address: Its path in the pipeline's pods, or its URL.
        claim: The claim of the volume that it is on, or None for a URL.
        mount: Where that volume is mounted, or None for a URL.
    """

    address: str
    claim: str | None = None
    mount: str | None = None

    @property
    def storage_uri(self) -> str:
        """As KServe names it: `pvc://CLAIM/PATH`, or the URL."""
        if self.claim is None or self.mount is None:
            return self.address
        return f"pvc://{self.claim}{self.address.removeprefix(self.mount)}"


def find_place(config: PipelineConfig, settings: KubeflowSettings) -> Place:
    """The place of a model's versions.

    Args:
        config: Checked for a cluster: the place is in a bucket, or on a volume of every task.
        settings: Its `kubeflow` section.
    """
    address = Workspace(settings.root).serving(config)
    if "://" in address:
        return Place(address)
    mounts = {mount: claim for claim, mount in settings.volumes.items()}
    # Where one is mounted inside another, the inner one has it.
    mount = max((path for path in mounts if f"{address}/".startswith(f"{path}/")), key=len)
    return Place(address, mounts[mount], mount)
