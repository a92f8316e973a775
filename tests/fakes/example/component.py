"""Example: a component that reads the examples and reports a number."""

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts


@component
def Example(
    examples: InputArtifact[standard_artifacts.Examples],
    result: OutputArtifact[standard_artifacts.String],
) -> None:
    """Writes 42."""
    with open(result.uri, "w") as file:
        file.write("42")
