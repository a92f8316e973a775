"""The table of nodes: every node that `pipeline.graph.create_pipeline` may compose.

What a node reports is the `facts.py` in its component's folder; everything that shows a run, here
or on a cluster, follows from this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.baseline.facts import EarlierModelFacts
from components.evaluator.facts import EvaluatorFacts
from components.example_gen.facts import IngestFacts
from components.example_validator.facts import AnomalyFacts
from components.facts import Facts
from components.pusher.facts import PusherFacts
from components.report.facts import ReportFacts
from components.serving_check.facts import ServingCheckFacts
from components.transform.facts import TransformFacts
from trainer.facts import TrainerFacts

METRICS = "metrics"
"""A KFP output: numbers, which KFP shows beside the task."""
PAGE = "html"
"""A KFP output: a page, which KFP shows whole."""


@dataclass(frozen=True)
class Node:
    """A node of the pipeline.

    Attributes:
        id: Its id in TFX: a metadata and a cache key.
        purpose: What it does, for people who do not know TFX; shown until it has facts.
        facts: What it reports.
        kfp_outputs: Its outputs in KFP, which draws each as a box: only what people look at.
        decides: Whether it takes part in the decision to release the model.
        uses_beam: Whether its work runs on Beam, on whatever runner the configuration names.
    """

    id: str
    purpose: str
    facts: type[Facts] = Facts
    kfp_outputs: tuple[str, ...] = ()
    decides: bool = False
    uses_beam: bool = False


NODES: Mapping[str, Node] = {
    node.id: node
    for node in (
        Node("ImageExampleGen", "read, check and split the images", IngestFacts, uses_beam=True),
        Node("StatisticsGen", "count labels, sizes and formats", uses_beam=True),
        Node("SchemaGen", "infer what normal data looks like"),
        Node("ExampleCheck", "compare the data with the schema", AnomalyFacts),
        Node(
            "Transform", "build the graph that decodes and scales", TransformFacts, uses_beam=True
        ),
        Node("EarlierModel", "find the model to start from", EarlierModelFacts),
        Node("Trainer", "train the model", TrainerFacts, (METRICS,)),
        Node("Baseline", "find the last blessed model", EarlierModelFacts),
        Node(
            "Evaluator",
            "measure on the test split and decide",
            EvaluatorFacts,
            (METRICS, PAGE),
            decides=True,
            uses_beam=True,
        ),
        Node("InfraValidator", "load the model in TensorFlow Serving"),
        Node(
            "ServingCheck",
            "query the exported model in a separate process",
            ServingCheckFacts,
            (METRICS,),
            decides=True,
        ),
        Node("Pusher", "release the model", PusherFacts, (METRICS, PAGE), decides=True),
        Node("Report", "write a page about the run", ReportFacts, (PAGE,)),
    )
}
"""By id, in the order in which they run."""

DECIDING = tuple(node.id for node in NODES.values() if node.decides)
"""Ids of the nodes that decide whether the model is released, in order."""


def node(node_id: str) -> Node:
    """The row of a node; an empty one for a node that the table lacks."""
    return NODES.get(node_id, Node(node_id, ""))


def parse_facts(node_id: str, facts: Mapping[str, Any]) -> Facts:
    """Reads what a node reported, from JSON or from metrics; a node without facts reports none."""
    return node(node_id).facts.model_validate(facts) if facts else Facts()
