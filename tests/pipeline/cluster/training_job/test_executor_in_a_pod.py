"""Calls from inside a pod: with its service account, over TLS, in its namespace."""

import base64
import datetime
import ipaddress
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from kubernetes.config import incluster_config

from components.errors import UserError
from pipeline.cluster.training_job import cluster as cluster_module
from pipeline.cluster.training_job.cluster import own_service_account
from tests.fakes.kubernetes.cluster import FakeCluster, with_status
from tests.fakes.kubernetes.schemas import pod_templates
from tests.pipeline.cluster.training_job.conftest import submit


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that Kubernetes mounts into each pod, without a certificate."""
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    claims = {"sub": "system:serviceaccount:team-a:flowers"}
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    (folder / "token").write_text(f"head.{middle}.signature")
    (folder / "namespace").write_text("team-a")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setattr(cluster_module, "_ACCOUNT", folder)
    for name, file in {"TOKEN": "token", "CERT": "ca.crt"}.items():
        monkeypatch.setattr(incluster_config, f"SERVICE_{name}_FILENAME", str(folder / file))
    return folder


@pytest.fixture
def cluster(
    account: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeCluster]:
    """A cluster that the pod runs in."""
    both = tmp_path / "server.pem"
    (account / "ca.crt").write_bytes(_write_certificate(both))
    cluster = FakeCluster(tmp_path, both)
    cluster.token = (account / "token").read_text()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(cluster.port))
    yield cluster
    cluster.close()


def test_a_job_has_the_pods_service_account(cluster: FakeCluster) -> None:
    cluster.play = with_status({"phase": "Succeeded"}, {"phase": "Succeeded"})
    submit()
    [job] = cluster.submitted
    assert job["metadata"]["namespace"] == "team-a"
    [pod] = pod_templates("tfjobs", job)
    assert pod["spec"]["serviceAccountName"] == "flowers"
    assert cluster.resources == {}


def test_the_service_account_of_the_settings(cluster: FakeCluster) -> None:
    cluster.play = with_status({"phase": "Succeeded"}, {"phase": "Succeeded"})
    submit(pod={"serviceAccountName": "trainers"})
    [pod] = pod_templates("tfjobs", cluster.submitted[0])
    assert pod["spec"]["serviceAccountName"] == "trainers"


def test_outside_a_pod_nothing_is_submitted(account: Path) -> None:
    with pytest.raises(UserError) as caught:
        submit()
    assert "it is not in a pod that may call Kubernetes" in caught.value.message
    assert "leave the environment variable TRAINING_JOB unset" in str(caught.value.hint)


def test_a_pod_without_a_token_has_no_account(account: Path) -> None:
    assert own_service_account() == "flowers"
    (account / "token").unlink()
    assert own_service_account() is None


def _write_certificate(file: Path) -> bytes:
    """Writes a new certificate with its key to a file, and returns the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubernetes")])
    now, address = datetime.datetime.now(datetime.timezone.utc), ipaddress.ip_address("127.0.0.1")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(address)]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(certificate + secret)
    return certificate
