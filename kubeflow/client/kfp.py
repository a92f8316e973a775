"""`kfp.Client` without its surprises.

Its constructor asks for the host's health, without a timeout, up to five times, with tracebacks in
the log; and urllib3 below it repeats what it is asked, several times and at once.
"""

from pathlib import Path
from typing import Any

import kfp
import kfp_server_api
import urllib3
from kfp.client.set_volume_credentials import ServiceAccountTokenVolumeCredentials

from .connection import Connection

# The service is asked in its own namespace; that of the user goes with each call.
_SERVICE_NAMESPACE = "kubeflow"


class QuietClient(kfp.Client):
    """kfp's client; see the module."""

    def _load_config(self, *arguments: Any) -> Any:
        config = super()._load_config(*arguments)
        # Once: `client.PipelinesHost` repeats what may be repeated, with pauses.
        config.retries = urllib3.Retry(total=0)
        return config

    def get_kfp_healthz(self, sleep_duration: int = 5) -> Any:
        """What the constructor asks for; `client.PipelinesHost` asks the host itself."""
        return kfp_server_api.V2beta1GetHealthzResponse(multi_user=False)

    @property
    def url_prefix(self) -> str:
        """Address of the user interface, as kfp's own links have it."""
        return self._get_url_prefix().rstrip("/")

    def raw_get(self, path: str, query: list[tuple[str, str]], **arguments: Any) -> Any:
        """A path that the generated calls lack, with the same credentials."""
        return self._run_api.api_client.call_api(
            path, "GET", query_params=query, auth_settings=["Bearer"], **arguments
        )

    def has_answered_with_a_page(self) -> bool:
        """Whether the last answer was HTML."""
        response = getattr(self._run_api.api_client, "last_response", None)
        return response is not None and "html" in (response.getheader("content-type") or "")


def connect(connection: Connection) -> QuietClient:
    """Makes the client; asks nothing yet."""
    return QuietClient(
        host=connection.host,
        namespace=_SERVICE_NAMESPACE,
        existing_token=connection.token,
        credentials=_credentials(connection.token_file),
        cookies=connection.cookie,
        ssl_ca_cert=str(connection.ca_file) if connection.ca_file else None,
    )


def _credentials(token_file: Path | None) -> ServiceAccountTokenVolumeCredentials | None:
    """Reads the file at each request: tokens of service accounts are replaced within the hour."""
    return ServiceAccountTokenVolumeCredentials(str(token_file)) if token_file else None
