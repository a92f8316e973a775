"""The result of one node, as lines for its log and as a page for KFP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from components.facts import Facts
from components.format import duration
from components.pusher.outcome import Reported, find_outcome
from pipeline.nodes import node

_STATES = {
    "done": "done",
    "cached": "cached: the outputs of an earlier run are still valid",
    "skipped": "skipped: its inputs do not exist",
}
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em;max-width:50em;color:#222;background:#fff}"
    "h1{font-size:1.4em}th{text-align:left;padding-right:2em;font-weight:normal;color:#666}"
    "td{font-variant-numeric:tabular-nums}"
)


@dataclass(frozen=True)
class NodeReport:
    """The result of a node: what it reported, and why it refused or did not release the model.

    `was_finished` says that an earlier attempt in this run had done it.
    """

    node_id: str
    run_id: str
    state: str
    seconds: float
    facts: Facts = field(default_factory=Facts)
    reasons: tuple[str, ...] = ()
    was_finished: bool = False

    @property
    def _state(self) -> str:
        return "had finished in this run before" if self.was_finished else _STATES[self.state]

    def lines(self) -> list[str]:
        """The result as text: the key figure first, then the reasons."""
        words = [self.node_id, self._state, duration(self.seconds), self.facts.headline()]
        return ["  ".join(filter(None, words)), *(f"  because  {one}" for one in self.reasons)]

    def metrics(self) -> dict[str, float]:
        """The numbers that were measured; True and False are 1 and 0."""
        return {
            name: value if isinstance(value, float) else int(value)
            for name, value in self.facts.metrics().items()
            if value is not None
        }

    def page(self) -> str:
        """The result as a page of HTML that needs nothing else."""
        rows = "".join(
            f"<tr><th>{escape(name.replace('_', ' '))}<td>{_number(value)}"
            for name, value in self.metrics().items()
        )
        headline = self.facts.headline() or node(self.node_id).purpose
        reasons = "".join(f"<li>{escape(reason)}" for reason in self.reasons)
        return "".join(
            [
                f'<!doctype html><html lang="en"><meta charset="utf-8">'
                f"<title>{escape(self.node_id)}</title><style>{_STYLE}</style>",
                f"<h1>{escape(self.node_id)}: {escape(self._state)}</h1><p>{escape(headline)}",
                f"<p>Because:<ul>{reasons}</ul>" if reasons else "",
                f"<table>{rows}</table>" if rows else "",
                f"<p>Run {escape(self.run_id)}, {duration(self.seconds)}</html>\n",
            ]
        )


def find_reasons(node_id: str, reported: Mapping[str, Reported]) -> tuple[str, ...]:
    """Why a node that decides refused the model or did not release it; empty where it did.

    `reported` has the nodes that decide, up to this one.
    """
    outcome = find_outcome(reported)
    if outcome.refused_by in (None, node_id):
        return outcome.reasons
    refusal = reported[outcome.refused_by].facts.refusal if outcome.refused_by else ""
    return tuple(f"{refusal}: {reason}" for reason in outcome.reasons) or (refusal,)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
