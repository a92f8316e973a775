"""TFX's handle of the metadata, which waits for its database."""

from tfx.orchestration import metadata

from pipeline.metadata_store import Config, open_store


class PatientMetadata(metadata.Metadata):
    """Connects when it is entered, as TFX's own does, and longer than its five seconds.

    A database that restarts just when hours of training are over must not cost them.

    Args:
        config: What to connect with.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._users: int
        self._store: object | None

    def __enter__(self) -> "PatientMetadata":
        """Connects, unless it is connected."""
        if self._users == 0:
            self._store = open_store(self._connection_config)
        self._users += 1
        return self
