"""The command `prepare-volume`: a Job that gives a new volume to the pipeline's user.

KFP sets no `fsGroup` in any release, and the root of a new volume belongs to root on most storage
classes: every task would fail with "permission denied".
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from pipeline.cli.errors import write_file
from pipeline.cli.options import config_argument, output_option, set_option
from pipeline.config.kubeflow.settings import IMAGE_USER, KubeflowSettings, SecuritySettings

NAME = "image-pipeline-prepare-volume"


@click.command("prepare-volume", short_help="Write a Job that gives a new volume to the pipeline.")
@config_argument
@set_option
@output_option("prepare-volume.yaml")
def prepare_volume(config_path: Path, overrides: Sequence[str], output: Path) -> int:
    """Write a Kubernetes Job that makes CONFIG's root and gives it to the pipeline's user.

    It runs as root, once, in a namespace that allows that; nothing else in it needs to.
    """
    from .compile.cluster_checks import load_or_exit

    settings = load_or_exit(config_path, overrides).kubeflow
    assert settings is not None, "checked for a cluster"
    if not settings.is_on_a_volume(settings.root):
        raise click.ClickException(f"kubeflow.root {settings.root} is not on a volume.")
    write_file(output, yaml.safe_dump(build_job(settings), sort_keys=False))
    click.echo(f"Wrote {output}. Run it once with: kubectl apply -n NAMESPACE -f {output}")
    return 0


def build_job(settings: KubeflowSettings) -> dict[str, Any]:
    """The Job; what is in the root already keeps its owner."""
    security = settings.security_context or SecuritySettings()
    user = IMAGE_USER if security.run_as_user is None else security.run_as_user
    group = IMAGE_USER if security.run_as_group is None else security.run_as_group
    claims = list(settings.volumes.items())
    container = {
        "name": "prepare-volume",
        "image": settings.image,
        "command": ["install", "-d", "-o", str(user), "-g", str(group), settings.root],
        "securityContext": {
            "runAsUser": 0,
            "runAsNonRoot": False,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": ["CHOWN", "DAC_OVERRIDE", "FOWNER"]},
        },
        "volumeMounts": [
            {"name": f"volume-{number}", "mountPath": path}
            for number, (_, path) in enumerate(claims)
        ],
    }
    pod = {
        "restartPolicy": "Never",
        "imagePullSecrets": [{"name": name} for name in settings.image_pull_secrets],
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [
            {"name": f"volume-{number}", "persistentVolumeClaim": {"claimName": claim}}
            for number, (claim, _) in enumerate(claims)
        ],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": NAME, "labels": {"app.kubernetes.io/managed-by": "image-pipeline"}},
        "spec": {"backoffLimit": 2, "ttlSecondsAfterFinished": 86400, "template": {"spec": pod}},
    }
