"""The command `python -m benchmarks.parts`."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from benchmarks.compare.images import prepare_images
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
from benchmarks.parts import (
    arithmetic,
    evaluation,
    export,
    reading,
    serving,
    start_up,
    transform,
)
from benchmarks.parts.fresh_process import in_fresh_process
from benchmarks.parts.row import Row, build_table
from benchmarks.parts.subject import Subject, open_subject
from benchmarks.pipeline_run import run_command
from components.errors import UserError
from components.tensorflow_environment import prepare_tensorflow

_MEASURES: tuple[Callable[[Subject], list[Row]], ...] = (
    reading.measure,
    transform.measure,
    evaluation.measure,
    serving.measure,
    export.measure,
    arithmetic.measure,
)


@click.command()
@data_option
@weights_option
@config_option
@set_option
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, exists=True),
    help="Take the newest run of this workspace instead of running the pipeline first.",
)
@work_option("1 GB")
@out_option("parts")
def main(
    data: Path,
    weights: str,
    config: Path,
    overrides: tuple[str, ...],
    workspace: Path | None,
    work: Path | None,
    out: Path,
) -> None:
    """Measure single parts of the pipeline against what bounds them."""
    prepare_tensorflow(os.environ, log_level="2")
    console = Console()
    # Before anything here is a load on it.
    machine = describe_machine()
    try:
        folder = work_folder(work, "parts")
        run = None
        if workspace is None:
            console.print("run the pipeline ...")
            prepare_images(data, folder / "images")
            settings = (
                f"data.path={folder / 'images'}",
                "data.splits.test=test",
                f"model.weights={check_weights(weights)}",
                # A model that the gate refuses could not be measured.
                "gate.min_accuracy=0.01",
            )
            workspace = folder / "workspace"
            shutil.rmtree(workspace, ignore_errors=True)
            command = run_command(config, workspace, (*settings, *overrides))
            run = run_measured(command, out / "logs" / "run.log", folder=REPOSITORY)
        subject = open_subject(workspace.absolute())
        rows = []
        for measure in _MEASURES:
            name = measure.__module__.rpartition(".")[2]
            console.print(f"measure {name} ...")
            rows += in_fresh_process(measure, subject, out / "logs" / f"{name}.log")
        console.print("measure start-up ...")
        nodes = folder / "nodes"
        shutil.rmtree(nodes, ignore_errors=True)
        rows += start_up.measure(subject, run, nodes, out / "logs")
    except UserError as error:
        raise click.ClickException(str(error)) from None
    _report(rows, machine, out, console)


def _report(rows: list[Row], machine: dict[str, object], out: Path, console: Console) -> None:
    table = build_table(rows)
    console.print()
    table.print(console)
    out.mkdir(parents=True, exist_ok=True)
    command = shlex.join(["python", "-m", "benchmarks.parts", *sys.argv[1:]])
    found = [{**asdict(row), "ratio": row.ratio, "holds": row.holds} for row in rows]
    results = {"command": command, "machine": machine, "parts": found}
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (out / "results.md").write_text(f"`{command}`\n\n{table.markdown()}")
    console.print(f"In {out}: results.json, results.md, logs")


if __name__ == "__main__":
    main()
