"""The `run` command with fake_worker.py instead of the worker.

usage: run_fake.py SCENARIO PACE WORKSPACE
"""

import os
import sys
from pathlib import Path

import click

from pipeline.config.load import load_config
from pipeline.console.view import choose_view
from pipeline.local.supervise import supervise
from pipeline.run.paths import WorkspaceError

HERE = Path(__file__).parent


def main() -> None:
    scenario, pace, workspace = sys.argv[1:]
    try:
        summary = supervise(
            load_config(HERE.parents[2] / "configs" / "digits.yaml"),
            Path(workspace),
            choose_view(sys.stdout, os.environ.get("TERM")),
            environment=os.environ,
            config_path="configs/digits.yaml",
            worker=[sys.executable, str(HERE / "fake_worker.py"), scenario, pace],
            stop_timeout_seconds=0.5,
        )
    except WorkspaceError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    sys.exit(summary.exit_code)


if __name__ == "__main__":
    main()
