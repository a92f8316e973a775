"""The instructions of kubeflow/Dockerfile."""

import re
import shlex
from dataclasses import dataclass, field

from tests.repository import REPOSITORY


@dataclass
class Stage:
    """One stage: `FROM ... AS name` and its instructions.

    Attributes:
        base: Its image or stage.
        steps: Instructions with their words.
    """

    base: str
    steps: list[tuple[str, list[str]]] = field(default_factory=list)

    def all(self, instruction: str) -> list[list[str]]:
        """The words of each instruction of this kind."""
        return [words for name, words in self.steps if name == instruction]

    def environment(self) -> dict[str, str]:
        """The variables that its ENV instructions set."""
        return dict(word.split("=", 1) for words in self.all("ENV") for word in words)


def read_stages() -> dict[str, Stage]:
    """The stages by name."""
    text = re.sub(r"^#.*\n", "", (REPOSITORY / "kubeflow/Dockerfile").read_text(), flags=re.M)
    stages: dict[str, Stage] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        instruction, words = line.split(maxsplit=1)[0], shlex.split(line)[1:]
        if instruction == "FROM":
            base, keyword, name = words
            assert keyword == "AS"
            stages[name] = stage = Stage(base)
        elif stages:
            stage.steps.append((instruction, words))
    return stages
