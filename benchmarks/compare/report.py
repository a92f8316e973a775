"""The comparison, as tables and sentences."""

from collections.abc import Callable

from benchmarks.compare.results import (
    Results,
    RunResult,
    accuracy_interval,
    difference,
    differences,
)
from benchmarks.compare.systems import OURS, SCRIPT, SYSTEMS
from benchmarks.medians import spread
from benchmarks.tables import Table
from benchmarks.units import bytes_text, percent, ratio_text, seconds_text

TARGET_RATIO = 0.25
"""What a whole run may take at most, as a share of the plain script's wall time."""

_FIGURES: tuple[tuple[str, Callable[[RunResult], float], Callable[[float], str]], ...] = (
    ("whole run", lambda run: run.seconds, seconds_text),
    ("CPU time", lambda run: run.cpu_seconds, seconds_text),
    ("peak memory, all processes (PSS)", lambda run: run.peak_pss_bytes, bytes_text),
    ("largest process (peak RSS)", lambda run: run.largest_process_bytes, bytes_text),
    ("written", lambda run: run.written_bytes, bytes_text),
    ("left on disk", lambda run: run.left_bytes, bytes_text),
)


def build_tables(results: Results) -> list[Table]:
    """The comparison, then the parts of each system."""
    return [_comparison(results), *_parts(results)]


def verdict(results: Results) -> list[str]:
    """Whether the targets are met, a sentence each."""
    lines = []
    if shares := results.ratio(OURS, lambda run: run.seconds):
        passed = "passed" if shares.median <= TARGET_RATIO else "FAILED"
        lines.append(
            f"{ratio_text(shares)} of the plain script's time; at most {TARGET_RATIO}: {passed}."
        )
    for number, (change, (low, high)) in enumerate(differences(results), 1):
        change_text = "not lower within noise" if high >= 0 else "LOWER"
        lines.append(
            f"Round {number}: accuracy {100 * change:+.1f} points against the script on the same "
            f"images ({100 * low:+.1f} to {100 * high:+.1f}): {change_text}."
        )
    exported = [run for run in results.of(SCRIPT) if "keras_exported" in run.right]
    if exported:
        count, total = exported[0].counts("keras_exported")
        lines.append(
            f"The script's model as model.export wrote it: {percent(count / total)}; its random "
            "layers stay active. The table has the model as it was trained."
        )
    return lines


def markdown(results: Results, *, is_short: bool = False) -> str:
    """The comparison with the command that makes it; the parts too, if it need not be short."""
    machine = results.machine
    where = f"{machine['cores']} cores of {machine['processor']}"
    images = ", ".join(f"{count:,} {split}" for split, count in results.images.items())
    head = f"`{results.command}` on {where}; {images} images. Medians of the rounds.\n"
    tables = [table.markdown() for table in build_tables(results)]
    if is_short:
        tables = tables[:1]
    return "\n".join([head, *tables, *(f"- {line}" for line in verdict(results))]) + "\n"


def _comparison(results: Results) -> Table:
    present = [system for system in SYSTEMS if results.of(system)]
    columns = ["", *present]
    compared = [system for system in present if system != SCRIPT and results.of(SCRIPT)]
    columns += [f"{system} / script" for system in compared]
    rows = []
    for name, value, text in _FIGURES:
        row = [name]
        for system in present:
            found = spread(results.values(system, value))
            row.append(text(found.median) if found else "-")
        rows.append(row + [ratio_text(results.ratio(system, value)) for system in compared])
    rows.append(
        ["rounds", *(str(len(results.of(one))) for one in present), *("" for _ in compared)]
    )
    accuracies = [_accuracy(results, system) for system in present]
    rows.insert(1, ["test accuracy", *accuracies, *(_change(results, one) for one in compared)])
    return Table("Side by side", columns, rows)


def _accuracy(results: Results, system: str) -> str:
    run = results.typical(system)
    if run is None:
        return "-"
    low, high = accuracy_interval(run)
    return f"{percent(run.accuracy)} ({100 * low:.1f}-{100 * high:.1f})"


def _change(results: Results, system: str) -> str:
    ours, theirs = results.typical(system), results.typical(SCRIPT)
    if ours is None or theirs is None:
        return "-"
    change, (low, high) = difference(ours, theirs)
    return f"{100 * change:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"


def _parts(results: Results) -> list[Table]:
    tables = []
    for system in SYSTEMS:
        parts = results.components(system)
        total = sum(parts.values())
        if total:
            rows = [
                [name, seconds_text(seconds), percent(seconds / total)]
                for name, seconds in parts.items()
            ]
            tables.append(Table(f"Parts of {system}", ["part", "time", "share"], rows))
    return tables
