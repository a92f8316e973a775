"""Names and quantities that Kubernetes accepts, as types of settings."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from typing_extensions import Doc


def _number_as_text(value: Any) -> Any:
    """YAML reads `cpu: 2` as a number; Kubernetes' quantities are text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


# KFP names volumes after their claims and secrets, and a volume's name may not contain a dot.
ObjectName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"),
    Doc("name: up to 63 lower-case letters, digits and -"),
]
"""Name of a Kubernetes object, such as a PersistentVolumeClaim or a Secret."""
LabelKey = Annotated[
    str,
    Field(
        pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
    ),
    Doc("label, such as cloud.google.com/gke-accelerator"),
]
"""Key of a label of a node."""
VariableName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"), Doc("name of an environment variable")
]
"""Name of an environment variable."""
SecretKey = Annotated[
    str, Field(pattern=r"^[-._A-Za-z0-9]{1,253}$"), Doc("key of a secret, such as password")
]
"""Key in a secret."""
MountPath = Annotated[
    str, Field(pattern=r"^(/[^/:\s]+)+$"), Doc("absolute path, such as /mnt/pipeline")
]
"""Path in a container at which a volume is mounted."""
Cores = Annotated[
    str,
    BeforeValidator(_number_as_text),
    Field(pattern=r"^([1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*|[1-9][0-9]*m)$"),
    Doc("number of cores, such as 2 or 500m"),
]
"""An amount of CPU."""
Bytes = Annotated[
    str,
    Field(pattern=r"^[1-9][0-9]*(\.[0-9]+)?(K|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)$"),
    Doc("amount of memory, such as 8Gi or 500Mi"),
]
"""An amount of memory."""

_UNITS = {unit: 1000**power for power, unit in enumerate("KMGTPE", 1)}
_UNITS |= {f"{unit}i": 1024**power for power, unit in enumerate("KMGTPE", 1)}


def byte_count(amount: str) -> float:
    """An amount of memory in bytes."""
    number = amount.rstrip("KMGTPEi")
    return float(number) * _UNITS[amount[len(number) :]]
