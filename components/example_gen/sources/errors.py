"""What stops an ingest."""

from components.errors import UserError


class IngestError(UserError):
    """The data cannot be ingested as it is: one sentence what, where and what to do."""
