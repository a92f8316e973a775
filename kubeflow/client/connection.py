"""Host, namespace and credentials for Kubeflow Pipelines, validated before any request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from components.errors import UserError

_IN_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True)
class Connection:
    """How to reach Kubeflow Pipelines. Its repr has no secrets.

    Attributes:
        host: Its URL, or None for the one of this pod's cluster or of the kubectl context.
        namespace: The user's namespace, in multi-user mode.
        token: Bearer token.
        token_file: File with a bearer token, which is read at each request.
        cookie: Cookie of a session, `NAME=VALUE`.
        ca_file: Certificate of the authority that signed the host's.
        timeout_seconds: Timeout of one response.
        retry_seconds: Pauses before retries, while the host is not available.
    """

    host: str | None
    namespace: str | None = None
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    cookie: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout_seconds: float = 60
    retry_seconds: tuple[float, ...] = (0.5, 1, 2, 4, 8)

    @classmethod
    def from_options(
        cls,
        host: str | None,
        namespace: str | None,
        token_file: Path | None,
        cookie_file: Path | None,
        ca_file: Path | None,
        timeout_seconds: int,
        environment: Mapping[str, str],
    ) -> "Connection":
        """Reads the command line options and the environment.

        Raises:
            UserError: If a URL is invalid, or a file cannot be read.
        """
        token, cookie = environment.get("KFP_TOKEN"), environment.get("KFP_COOKIE")
        if not host:
            _require_cluster_or_kubectl(environment)
            if token:
                # kfp.Client would send it to http://localhost.
                raise UserError("--host is missing: KFP_TOKEN needs it")
        if token and token_file:
            raise UserError(
                f"both KFP_TOKEN and --token-file {token_file} are given; leave out one"
            )
        if cookie and cookie_file:
            raise UserError(
                f"both KFP_COOKIE and --cookie-file {cookie_file} are given; leave out one"
            )
        if token_file:
            _read(token_file, "--token-file")
        if ca_file:
            _read(ca_file, "--ca-file")
        return cls(
            host=_checked_host(host) if host else None,
            namespace=namespace or None,
            token=token.strip() if token else None,
            token_file=token_file,
            cookie=_cookie(_read(cookie_file, "--cookie-file") if cookie_file else cookie),
            ca_file=ca_file,
            timeout_seconds=timeout_seconds,
        )

    @property
    def shown_host(self) -> str:
        """The host, for messages."""
        return self.host or "the cluster's Kubeflow Pipelines"

    @property
    def has_credentials(self) -> bool:
        """Whether a token or a cookie is sent."""
        return bool(self.token or self.token_file or self.cookie)


def _checked_host(host: str) -> str:
    """The URL without the `/#/runs` that a browser shows."""
    parts = urlsplit(host)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(
            f"--host {host!r} is not a URL",
            "It starts with http:// or https://, followed by a name.",
        )
    if parts.username or parts.password:
        raise UserError(
            "--host contains a user or password, which others see in the list of processes",
            "Give a token in KFP_TOKEN or --token-file, or a session's cookie in KFP_COOKIE.",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _require_cluster_or_kubectl(environment: Mapping[str, str]) -> None:
    kubeconfig = environment.get("KUBECONFIG") or str(
        Path(environment.get("HOME", "/")) / ".kube" / "config"
    )
    if not _IN_POD.exists() and not any(Path(part).exists() for part in kubeconfig.split(":")):
        raise UserError(
            "--host is missing: this is not a pod of a cluster, and kubectl has no context here",
            "For a cluster without an ingress: kubectl -n kubeflow port-forward svc/ml-pipeline-ui "
            "8080:80, then --host http://localhost:8080",
        )


def _read(path: Path, option: str) -> str:
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UserError(f"{option} {path} cannot be read: {reason}") from None
    if not text:
        raise UserError(f"{option} {path} is empty")
    return text


def _cookie(text: str | None) -> str | None:
    if not text:
        return None
    name, equals, value = text.strip().partition("=")
    if not (name and equals and value) or "\n" in text.strip():
        raise UserError(
            "the cookie does not have the form NAME=VALUE",
            "Copy the session's cookie from the browser: oauth2_proxy_kubeflow=... or "
            "authservice_session=...",
        )
    return text.strip()


def pod_namespace() -> str | None:
    """The namespace of this pod; None outside a pod."""
    return _IN_POD.read_text().strip() if _IN_POD.exists() else None
