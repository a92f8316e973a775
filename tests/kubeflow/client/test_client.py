"""Authentication, and the error messages of failed requests."""

import datetime
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from components.errors import UserError
from kubeflow.client.api import PipelinesHost
from kubeflow.client.connection import Connection
from kubeflow.client.errors import HostError
from tests.fakes.kubeflow.deployed import connect, served
from tests.fakes.kubeflow.kfp_api_server import KfpApi, serve


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[KfpApi]:
    with served(monkeypatch, tmp_path) as api:
        yield api


def from_options(environment: dict[str, str] | None = None, **given: Any) -> Connection:
    options = {
        "host": "http://h",
        "namespace": None,
        "token_file": None,
        "cookie_file": None,
        "ca_file": None,
        "timeout_seconds": 60,
    }
    return Connection.from_options(**{**options, **given}, environment=environment or {})


def test_a_token_is_sent(api: KfpApi) -> None:
    api.token = "secret"
    connect(api, token="secret")
    with pytest.raises(HostError, match=r"authentication failed.* \(401.*no valid token") as caught:
        connect(api)
    assert "Set KFP_TOKEN or --token-file" in str(caught.value)
    with pytest.raises(HostError, match="not accepted; it may have expired"):
        connect(api, token="old")


def test_a_token_file_is_read_at_each_request(api: KfpApi, tmp_path: Path) -> None:
    api.token, file = "first", tmp_path / "token"
    file.write_text("first\n")
    host = connect(api, token_file=file)
    api.token = "second"
    file.write_text("second\n")
    assert list(host.pages("listing", host.api.pipelines.list_pipelines, "pipelines")) == []
    assert api.headers[-1]["authorization"] == "Bearer second"
    file.unlink()
    with pytest.raises(HostError, match=f"{file} cannot be read: No such file"):
        list(host.pages("listing", host.api.pipelines.list_pipelines, "pipelines"))


def test_a_cookie_is_sent(api: KfpApi) -> None:
    api.cookie = "authservice_session=abc"
    connect(api, cookie="authservice_session=abc")
    with pytest.raises(HostError, match="401"):
        connect(api)


def test_through_kubectls_context(
    api: KfpApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without --host, kfp uses the Kubernetes API's proxy, with kubectl's credentials.
    api.token = "kubectls"
    api.prefix = "/api/v1/namespaces/kubeflow/services/ml-pipeline:http/proxy/"
    named = {"name": "here"}
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        json.dumps(
            {
                "current-context": "here",
                "contexts": [{**named, "context": {"cluster": "here", "user": "here"}}],
                "clusters": [{**named, "cluster": {"server": api.host}}],
                "users": [{**named, "user": {"token": "kubectls"}}],
            }
        )
    )
    monkeypatch.setattr(
        "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(kubeconfig)
    )
    given = from_options({"KUBECONFIG": str(kubeconfig)}, host=None)
    host = PipelinesHost(given)
    assert list(host.pages("listing", host.api.pipelines.list_pipelines, "pipelines")) == []


def test_a_login_page(api: KfpApi) -> None:
    api.fail(".*", page="<!doctype html><html>Log in to Your Account", times=10)
    with pytest.raises(HostError, match="responds with a web page") as caught:
        connect(api)
    assert "KFP_COOKIE" in str(caught.value) and "/pipeline" in str(caught.value)


def test_connecting_sends_one_request(api: KfpApi) -> None:
    connect(api)
    assert api.requests == ["GET /apis/v2beta1/healthz"]


def test_nothing_is_written_to_the_home_directory(
    api: KfpApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    api.is_multi_user = True
    connect(api, namespace="alice")
    assert list(tmp_path.iterdir()) == []


def test_connection_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        api = KfpApi(host=f"http://127.0.0.1:{taken.getsockname()[1]}")
    with pytest.raises(HostError, match="cannot be reached: Connection refused") as caught:
        connect(api)
    assert "port-forward" in str(caught.value)


def test_unknown_host_name() -> None:
    with pytest.raises(HostError, match=r"http://kfp\.invalid cannot be reached"):
        connect(KfpApi(host="http://kfp.invalid"))


def test_response_timeout(api: KfpApi) -> None:
    api.fail("healthz", wait_seconds=20, status=500)
    start = time.monotonic()
    with pytest.raises(HostError, match=r"did not respond within 0\.3 s"):
        connect(api, timeout_seconds=0.3)
    assert time.monotonic() - start < 1.5


def test_a_host_that_is_not_kubeflow(api: KfpApi) -> None:
    api.host += "/jupyter"
    with pytest.raises(HostError, match="404") as caught:
        connect(api)
    assert "Is this Kubeflow Pipelines 2?" in str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def test_tls(certificate: Path) -> None:
    with serve(KfpApi(), certificate) as api:
        connect(api, ca_file=certificate)
        with pytest.raises(HostError, match="the certificate of .* cannot be trusted") as caught:
            connect(api)
        assert "--ca-file" in str(caught.value)
        api.host = api.host.replace("https", "http")
        with pytest.raises(HostError, match="uses TLS|closed the connection"):
            connect(api)


def test_no_tls(api: KfpApi) -> None:
    api.host = api.host.replace("http", "https")
    with pytest.raises(HostError, match="does not use TLS on this port") as caught:
        connect(api)
    assert "http://" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "environment", "message"),
    [
        ({"host": "localhost:8080"}, {}, "--host 'localhost:8080' is not a URL"),
        ({"host": "https://me:secret@h"}, {}, "contains a user or password"),
        ({"host": None}, {"HOME": "/nowhere"}, "--host is missing: this is not a pod"),
        ({"host": None}, {"KUBECONFIG": "/dev/null", "KFP_TOKEN": "t"}, "--host is missing: KFP_T"),
        ({"token_file": Path("/no/token")}, {}, "--token-file /no/token cannot be read: No such"),
        ({"token_file": Path("/x")}, {"KFP_TOKEN": "t"}, "leave out one"),
        ({"ca_file": Path("/no/ca")}, {}, "--ca-file /no/ca cannot be read"),
        ({}, {"KFP_COOKIE": "abc"}, "the cookie does not have the form NAME=VALUE"),
    ],
)
def test_invalid_options(given: dict[str, Any], environment: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        from_options(environment, **given)
    assert "secret" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    connection = from_options({"KFP_TOKEN": "secret", "KFP_COOKIE": "a=secret"})
    assert (connection.token, connection.cookie) == ("secret", "a=secret")
    assert "secret" not in repr(connection)


def test_a_url_from_a_browser() -> None:
    assert from_options(host="https://h/pipeline/#/runs").host == "https://h/pipeline"
