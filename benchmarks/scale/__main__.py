"""The command `python -m benchmarks.scale`."""

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from benchmarks.defaults import (
    check_weights,
    data_option,
    out_option,
    set_option,
    weights_option,
    work_folder,
    work_option,
)
from benchmarks.machine import describe_machine
from benchmarks.publish import PUBLISHED
from benchmarks.scale import growth
from benchmarks.scale.bench import Bench
from benchmarks.scale.plot import draw_growth
from benchmarks.scale.results import SizeResult, load_results
from components.errors import UserError


def _parse_sizes(_: click.Context, __: click.Parameter, text: str) -> list[int]:
    try:
        sizes = sorted({int(word) for word in text.split(",")})
    except ValueError:
        raise click.BadParameter("write numbers such as 1000,5000") from None
    if sizes[0] < 1:
        raise click.BadParameter("a size is at least 1")
    return sizes


@click.command()
@data_option
@weights_option
@click.option(
    "--sizes",
    callback=_parse_sizes,
    default="1000,5000,25000,100000",
    show_default=True,
    help="Numbers of images.",
)
@click.option(
    "--flat-from",
    default=5000,
    show_default=True,
    help="Smallest size that growth is measured from.",
)
@set_option
@click.option("--fresh", is_flag=True, help="Measure also sizes that have a result already.")
@click.option("--only-report", is_flag=True, help="Measure nothing: report the results so far.")
@work_option("8 GB for 100,000 images")
@out_option("scale")
def main(
    data: Path,
    weights: str,
    sizes: Sequence[int],
    flat_from: int,
    overrides: tuple[str, ...],
    fresh: bool,
    only_report: bool,
    work: Path | None,
    out: Path,
) -> None:
    """Run the pipeline over more and more images. A size that has a result is not run again."""
    console = Console()
    command = shlex.join(["python", "-m", "benchmarks.scale", *sys.argv[1:]])
    try:
        if only_report:
            results = load_results(out)
        else:
            settings = (f"model.weights={check_weights(weights)}", *overrides)
            folder = work_folder(work, "scale")
            bench = Bench(data.absolute(), settings, folder, out, command, describe_machine())
            results = bench.measure(sizes, console, fresh=fresh)
        if not results:
            raise UserError(f"{out} has no results", "Run it without --only-report.")
    except UserError as error:
        raise click.ClickException(str(error)) from None
    _report(results, flat_from, out, console)


def _report(results: Sequence[SizeResult], flat_from: int, out: Path, console: Console) -> None:
    tables = growth.build_tables(results)
    lines = growth.verdict(results, flat_from)
    for table in tables:
        console.print()
        table.print(console)
    console.print()
    for line in lines:
        console.print(line)
    head = f"`{results[-1].command}`\n"
    verdict = "".join(f"- {line}\n" for line in lines)
    (out / "results.md").write_text("\n".join([head, *(one.markdown() for one in tables), verdict]))
    (out / PUBLISHED).write_text("\n".join([head, tables[0].markdown(), verdict]))
    everything = [one.model_dump() for one in results]
    (out / "results.json").write_text(json.dumps(everything, indent=1) + "\n")
    draw_growth(results, out / "growth.png")
    console.print(f"\nIn {out}: results.json, results.md, growth.png, logs")


if __name__ == "__main__":
    main()
