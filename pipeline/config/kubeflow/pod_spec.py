"""Settings as fields of a Kubernetes pod, for training jobs and model servers."""

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.config.kubeflow.resources import SecretSettings, TolerationSettings

Fields = dict[str, Any]


def without_empty(fields: Fields) -> Fields:
    """The fields without those that are None or empty."""
    return {key: value for key, value in fields.items() if value not in (None, [], {})}


def toleration(settings: TolerationSettings) -> Fields:
    """A V1Toleration."""
    return without_empty(
        {
            "key": settings.key,
            "operator": settings.operator,
            "value": settings.value,
            "effect": settings.effect,
            "tolerationSeconds": settings.seconds,
        }
    )


def variables(env: Mapping[str, str], secrets: Iterable[SecretSettings]) -> list[Fields]:
    """A container's `env`: plain values, then those from secrets."""
    plain: list[Fields] = [{"name": name, "value": value} for name, value in env.items()]
    return plain + [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": secret.name, "key": key}}}
        for secret in secrets
        for name, key in secret.env.items()
    ]
