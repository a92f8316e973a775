"""The command `python -m benchmarks.compare`."""

import shlex
import sys
from pathlib import Path

import click
from rich.console import Console

from benchmarks.compare.images import prepare_images
from benchmarks.compare.plot import draw_comparison
from benchmarks.compare.report import build_tables, markdown, verdict
from benchmarks.compare.results import RESULTS_FILE, Results
from benchmarks.compare.rounds import plan_rounds, run_step
from benchmarks.compare.systems import Task
from benchmarks.defaults import (
    check_weights,
    config_option,
    data_option,
    out_option,
    set_option,
    weights_option,
    work_folder,
    work_option,
)
from benchmarks.machine import REPOSITORY, describe_machine
from benchmarks.measured_process import run_measured
from benchmarks.publish import PUBLISHED
from benchmarks.units import seconds_text
from components.errors import UserError


@click.command()
@data_option
@weights_option
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option(
    "--stock-rounds",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Rounds of the stock TFX way, which takes longest; 0 leaves it out.",
)
@config_option
@set_option
@click.option("--image-size", default=160, show_default=True, help="In pixels, of all models.")
@click.option("--head-epochs", default=10, show_default=True, help="Of script and stock way.")
@click.option("--fine-tune-epochs", default=10, show_default=True, help="Of script and stock way.")
@work_option("2 GB")
@click.option("--keep", is_flag=True, help="Keep what the systems made.")
@out_option("compare")
def main(
    data: Path,
    weights: str,
    rounds: int,
    stock_rounds: int,
    config: Path,
    overrides: tuple[str, ...],
    image_size: int,
    head_epochs: int,
    fine_tune_epochs: int,
    work: Path | None,
    keep: bool,
    out: Path,
) -> None:
    """Run the plain script, this pipeline and the stock TFX way in turns, and compare them."""
    console = Console()
    # Before anything here is a load on it.
    machine = describe_machine()
    try:
        folder = work_folder(work, "compare")
        weights = check_weights(weights)
        counts = prepare_images(data, folder / "images")
        if len(list((folder / "images" / "train").iterdir())) != 2:
            raise UserError("--data: the recipe of the plain script is for two classes")
        out.mkdir(parents=True, exist_ok=True)
        task = Task(
            folder / "images",
            weights,
            config.absolute(),
            overrides,
            image_size,
            head_epochs,
            fine_tune_epochs,
        )
        console.print("warm up ...")
        warm_up = [sys.executable, "-m", "benchmarks.compare.warm_up", weights, str(image_size)]
        run_measured(warm_up, out / "logs" / "warm-up.log", folder=REPOSITORY)
        command = shlex.join(["python", "-m", "benchmarks.compare", *sys.argv[1:]])
        results = Results(command=command, machine=machine, images=counts, runs=[])
        for step in plan_rounds(rounds, stock_rounds):
            console.print(f"round {step[0]}: {step[1]} ...", end=" ")
            run = run_step(step, task, folder, out / "logs", keep=keep)
            console.print(f"{seconds_text(run.seconds)}, test accuracy {run.accuracy:.4f}")
            results.runs.append(run)
            results.save(out)
    except UserError as error:
        raise click.ClickException(str(error)) from None
    _report(results, out, console)


def _report(results: Results, out: Path, console: Console) -> None:
    for table in build_tables(results):
        console.print()
        table.print(console)
    console.print()
    for line in verdict(results):
        console.print(line)
    text = markdown(results)
    (out / "results.md").write_text(text)
    (out / PUBLISHED).write_text(markdown(results, is_short=True))
    draw_comparison(results, out / "comparison.png")
    console.print("\nAs Markdown:\n")
    print(text)
    console.print(f"In {out}: {RESULTS_FILE}, results.md, comparison.png, logs")


if __name__ == "__main__":
    main()
