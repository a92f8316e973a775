"""What the run used: configuration, data, code, baseline, libraries."""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

from components.report.inputs.sources import Sources

_LIBRARIES = ("image-pipeline", "tensorflow", "keras", "tfx", "tensorflow-transform", "apache-beam")
_ARTIFACTS = {
    "examples": "Examples",
    "model": "Model",
    "baseline_model": "Baseline model",
    "evaluation": "Evaluation",
}


@dataclass(frozen=True)
class Lineage:
    """What the run used: facts by title, the effective configuration, libraries' versions."""

    facts: Mapping[str, str]
    configuration: str
    libraries: Mapping[str, str]


def read_lineage(sources: Sources) -> Lineage:
    """Reads the section's data."""
    data = sources.configuration.get("data", {})
    facts = {
        "Run": sources.run.run_id,
        "Pipeline": sources.run.pipeline,
        "Data": data.get("path") or data.get("name") or data.get("source") or "",
        "Span": "" if sources.span is None else str(sources.span),
        "Corrections of the data": data.get("corrections") or "",
        "Fingerprint of the data": sources.fingerprint or "",
        **{f"Code of {package}": digest for package, digest in sources.code.items()},
        **{title: sources.folders.get(key, "") for key, title in _ARTIFACTS.items()},
        "Released model": (sources.pushed.path or "") if sources.pushed else "",
    }
    if "model" in sources.folders and "baseline_model" not in sources.folders:
        facts["Baseline model"] = "none: no other model has been blessed"
    return Lineage(
        facts={name: fact for name, fact in facts.items() if fact},
        configuration=json.dumps(sources.configuration, indent=2, ensure_ascii=False),
        libraries=_versions(),
    )


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # A clone may not be installed.
    return versions
