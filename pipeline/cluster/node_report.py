"""What a node that is over came to: for the log, and as a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from pipeline.console.headlines import PURPOSES, duration, headline

Facts = Mapping[str, Any]

_STATES = {
    "done": "done",
    "cached": "cached: an earlier run's outputs hold",
    "skipped": "skipped: what it needs is not there",
}
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em;max-width:50em;color:#222;background:#fff}"
    "h1{font-size:1.4em}th{text-align:left;padding-right:2em;font-weight:normal;color:#666}"
    "td{font-variant-numeric:tabular-nums}"
)


@dataclass(frozen=True)
class NodeReport:
    """What a node came to.

    Attributes:
        node_id: The node.
        run_id: Its run.
        state: `done`, `cached` or `skipped`.
        seconds: How long it took.
        facts: What it found, see `pipeline.run.events`.
        because: Why it did nothing, or refused, one reason each.
        was_finished: Whether an earlier attempt in this run had done it.
    """

    node_id: str
    run_id: str
    state: str
    seconds: float
    facts: Facts = field(default_factory=dict)
    because: tuple[str, ...] = ()
    was_finished: bool = False

    @property
    def _state(self) -> str:
        return "had finished in this run before" if self.was_finished else _STATES[self.state]

    def lines(self) -> list[str]:
        """The report as text: the outcome first, then the reasons."""
        told = headline(self.node_id, self.facts)
        first = "  ".join(filter(None, [self.node_id, self._state, duration(self.seconds), told]))
        return [first, *(f"  because  {reason}" for reason in self.because)]

    def page(self, metrics: Mapping[str, float]) -> str:
        """The report as a page of HTML that needs nothing else.

        Args:
            metrics: Numbers to show in a table.
        """
        rows = "".join(
            f"<tr><th>{escape(name.replace('_', ' '))}<td>{_number(value)}"
            for name, value in metrics.items()
        )
        told = headline(self.node_id, self.facts) or PURPOSES.get(self.node_id, "")
        reasons = "".join(f"<li>{escape(reason)}" for reason in self.because)
        return "".join(
            [
                f'<!doctype html><html lang="en"><meta charset="utf-8">'
                f"<title>{escape(self.node_id)}</title><style>{_STYLE}</style>",
                f"<h1>{escape(self.node_id)}: {escape(self._state)}</h1><p>{escape(told)}",
                f"<p>Because:<ul>{reasons}</ul>" if reasons else "",
                f"<table>{rows}</table>" if rows else "",
                f"<p>Run {escape(self.run_id)}, {duration(self.seconds)}</html>\n",
            ]
        )


def reasons(node_id: str, facts: Mapping[str, Facts]) -> tuple[str, ...]:
    """Why a node did nothing, or refused the model; empty where it did what it is for.

    Args:
        node_id: The node.
        facts: What it and the nodes before it found, by node.
    """
    if node_id == "Evaluator":
        return _refusal(facts.get("Evaluator", {}))
    return _why_not_pushed(facts) if node_id == "Pusher" else ()


def _refusal(evaluator: Facts) -> tuple[str, ...]:
    """What the gate holds against the model."""
    return () if evaluator.get("blessed", True) else tuple(evaluator.get("reasons", []))


def _why_not_pushed(facts: Mapping[str, Facts]) -> tuple[str, ...]:
    evaluator, check = facts.get("Evaluator", {}), facts.get("ServingCheck", {})
    if evaluator.get("blessed") is False:
        refusal = "the gate refused the model"
        return tuple(f"{refusal}: {reason}" for reason in _refusal(evaluator)) or (refusal,)
    if check.get("passed") is False:
        return tuple(f"the serving check refused it: {one}" for one in check.get("failures", []))
    if facts.get("Pusher", {}).get("withdrawn"):
        return ("a rollback took this model out of service; a newly trained one will be pushed",)
    return ()


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
