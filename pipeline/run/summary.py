"""`summary.json`: the result of a run, for machines.

    python -c "from pipeline.run.summary import print_schema; print_schema()"

prints its JSON Schema, with a description of every field.
"""

import json
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict

from components.evaluator.facts import WorstImage
from components.facts import FactsPart
from pipeline.run.paths import RunFolder, write_whole
from pipeline.run.state import NodeWord
from trainer.facts import StageFacts

Outcome = Literal["pushed", "refused", "unchanged", "failed"]


class _Part(FactsPart):
    model_config = ConfigDict(extra="forbid")


class ImageCounts(_Part):
    """The images that ingest saw: `accepted` + `quarantined` = `found`."""

    found: int
    """Files found."""
    accepted: int
    """Files that became examples."""
    quarantined: int
    """Files that did not."""
    quarantined_by_reason: dict[str, int]
    """Number of quarantined files by reason."""
    quarantine_path: str | None
    """File that names each quarantined file with its reason, one JSON object a line."""
    corrections: dict[str, int] = {}
    """What `data.corrections` did: numbers `relabelled`, `dropped`, `unmatched` (no such image)."""
    converted: dict[str, int] = {}
    """Number of images that were converted to PNG, by the format they had."""
    first_frames: int = 0
    """Number of images with more frames or pages, of which the first is used."""
    copies: int = 0
    """Number of accepted images whose pixels another accepted image of their class has, too."""
    near_duplicates: int = 0
    """Number of pairs of images that look alike, those that suffice to join every group."""
    near_duplicates_across_splits: int = 0
    """Number of these pairs whose images are in two splits."""


class Measurement(_Part):
    """The model on the test split, which training never sees."""

    accuracy: float
    """Share of the test images whose class was found, 0 to 1."""
    examples: int | None
    """Number of test images."""
    interval: tuple[float, float] | None = None
    """Ends of the confidence interval of the accuracy (Wilson)."""
    calibration_error: float | None = None
    """Expected calibration error, 0 to 1."""
    worst: list[WorstImage] = []
    """The ten test images whose label got the lowest scores."""


class GateSummary(_Part):
    """What the gate decided."""

    blessed: bool
    """Whether the model is good enough to go into service."""
    reasons: list[str]
    """Why it is not, one sentence each; empty if it is."""
    min_accuracy: float
    """Lowest test accuracy that is blessed (`gate.min_accuracy`)."""
    max_drop: float
    """Largest accepted loss against the last blessed model (`gate.max_drop`)."""
    baseline_accuracy: float | None
    """Test accuracy of the baseline; null where there was none to compare with."""
    text: str | None = None
    """The decision in a line, with its interval."""
    change: float | None = None
    """Gain or loss of accuracy against the baseline, on the same images."""
    change_interval: tuple[float, float] | None = None
    """Ends of its confidence interval."""
    change_verdict: str | None = None
    """`worse` (refused), `no_worse`, or `uncertain`: the test images cannot decide."""
    detectable_drop: float | None = None
    """The true loss that these test images would show in 8 of 10 nights, 0 to 1."""
    images_to_decide: int | None = None
    """About how many test images would settle an uncertain change."""
    warning: str | None = None
    """What a released model is not shown to be (`gate.when_uncertain`)."""
    baseline_note: str | None = None
    """Why there was no comparison with the baseline, or that it has other classes."""
    notes: list[str] = []
    """What else there is to know about the decision."""


class ModelVersion(_Part):
    """A released version of the model."""

    version: int
    """Its number; higher is newer."""
    path: str
    """Folder of the SavedModel."""


class ComponentSummary(_Part):
    """One component of the pipeline."""

    state: NodeWord
    """`done`, `cached`, `skipped`, `failed`, `stopped` with the run, or `waiting` (not reached)."""
    seconds: float | None
    """Time it took, in seconds; null if it never started."""


class ErrorSummary(_Part):
    """Why a run failed."""

    component: str | None
    """Component that failed; null if no component did."""
    cause: str
    """What went wrong, in a sentence."""
    hint: str | None
    """What to do about it."""
    log: str
    """Log of TensorFlow, Beam and TFX."""


class Summary(_Part):
    """The result of a run."""

    schema_version: Literal[1] = 1
    """Version of this format; it changes when a field changes its meaning or is removed."""
    outcome: Outcome
    """`pushed`, `refused` by gate or serving check, `unchanged` (nothing to push), or `failed`."""
    exit_code: int
    """What the command exits with: 0 pushed or unchanged, 1 failed, 2 settings that do not fit each
    other, 3 refused, 129, 130, 143 stopped."""
    run_id: str
    """Name of the run; names sort by the time at which runs started."""
    started: datetime
    """When it started, in UTC."""
    finished: datetime
    """When it ended, in UTC."""
    seconds: float
    """Time from start to end, in seconds."""
    config_path: str | None
    """Configuration file as given; the effective one is `config.json` beside this file."""
    images: ImageCounts | None
    """Images; null if ingest did not finish."""
    splits: dict[str, int]
    """Number of examples by split."""
    classes: dict[str, int]
    """Number of examples by class, over all splits."""
    stages: list[StageFacts]
    """Stages of training, in order."""
    notes: list[str]
    """What else there is to know about the training: what a warm start took over."""
    suspect_labels: int | None = None
    """Number of labels that are probably wrong, over all splits; null if not checked."""
    test: Measurement | None
    """Measured on the test split; null if the Evaluator did not finish."""
    gate: GateSummary | None
    """Decision of the gate; null if the Evaluator did not finish."""
    serving_failures: list[str] = []
    """Why the exported model may not go into service, one sentence each."""
    pushed: ModelVersion | None
    """Version that this run pushed; null if it pushed none."""
    in_service: ModelVersion | None
    """The released version as far as this run knows: pushed by it, or found unchanged."""
    withdrawn: bool = False
    """Whether the model was not pushed because a rollback took it out of service."""
    report: str | None = None
    """Page about this run for people, an HTML file; null if the run did not get that far."""
    components: dict[str, ComponentSummary]
    """Components by id, in the order in which they run."""
    error: ErrorSummary | None
    """Why it failed; null if it did not."""


def write_summary(summary: Summary, run: RunFolder) -> None:
    """Writes a run's `summary.json`, whole or not at all."""
    write_whole(run.summary, summary.model_dump_json(indent=2) + "\n")


def print_schema() -> None:
    """Prints the JSON Schema of `summary.json`."""
    print(json.dumps(Summary.model_json_schema(mode="serialization"), indent=2))
