"""`kfp.Client` without its own retries.

Its constructor requests the host's health, without a timeout, up to five times, with tracebacks in
the log; and urllib3 below it retries each request several times without a pause.
"""

from pathlib import Path
from typing import Any

import kfp
import kfp_server_api
import urllib3
from kfp.client.set_volume_credentials import ServiceAccountTokenVolumeCredentials

from .connection import Connection

# Namespace of the service; the user's namespace is an argument of each call.
_SERVICE_NAMESPACE = "kubeflow"


class QuietClient(kfp.Client):
    """kfp's client without its health check and retries."""

    def _load_config(self, *arguments: Any) -> Any:
        config = super()._load_config(*arguments)
        # `PipelinesHost` retries, with pauses, what may be retried.
        config.retries = urllib3.Retry(total=0)
        return config

    def get_kfp_healthz(self, sleep_duration: int = 5) -> Any:
        """Called by the constructor; `PipelinesHost` requests the health itself."""
        return kfp_server_api.V2beta1GetHealthzResponse(multi_user=False)

    @property
    def url_prefix(self) -> str:
        """URL of the user interface, as in kfp's own links."""
        return self._get_url_prefix().rstrip("/")

    def raw_get(self, path: str, query: list[tuple[str, str]], **arguments: Any) -> Any:
        """Requests a path for which there is no generated call, with the same credentials."""
        return self._run_api.api_client.call_api(
            path, "GET", query_params=query, auth_settings=["Bearer"], **arguments
        )

    def last_response_is_html(self) -> bool:
        """Whether the last response was HTML."""
        response = getattr(self._run_api.api_client, "last_response", None)
        return response is not None and "html" in (response.getheader("content-type") or "")


def connect(connection: Connection) -> QuietClient:
    """Creates the client; sends no request yet."""
    return QuietClient(
        host=connection.host,
        namespace=_SERVICE_NAMESPACE,
        existing_token=connection.token,
        credentials=_credentials(connection.token_file),
        cookies=connection.cookie,
        ssl_ca_cert=str(connection.ca_file) if connection.ca_file else None,
    )


def _credentials(token_file: Path | None) -> ServiceAccountTokenVolumeCredentials | None:
    """Reads the file at each request: tokens of service accounts expire within the hour."""
    return ServiceAccountTokenVolumeCredentials(str(token_file)) if token_file else None
