"""The command line: `image-pipeline`, or `python -m pipeline`.

A command imports what it needs when it runs; only click is imported here, so that `--help` answers
at once.
"""

import os
import sys

import click

from pipeline.cli.backup import backup
from pipeline.cli.classify import classify
from pipeline.cli.cluster import cluster
from pipeline.cli.errors import run_and_exit
from pipeline.cli.init import init
from pipeline.cli.models import models
from pipeline.cli.node import node
from pipeline.cli.options import CONTEXT_SETTINGS, version_option
from pipeline.cli.predict import predict
from pipeline.cli.report import report
from pipeline.cli.rollback import rollback
from pipeline.cli.run import run
from pipeline.cli.runs import runs
from pipeline.cli.show_config import show_config
from pipeline.cli.train_worker import train_worker


@click.group(context_settings=CONTEXT_SETTINGS)
@version_option
def cli() -> None:
    """From a folder of images to a gated, pushed model.

    \b
    Exit codes:
      0  a model was pushed, or nothing was new     1  the run failed
      2  wrong usage or configuration               3  the gate or the serving check
      129, 130, 143  stopped by a signal               refused the model
    """  # noqa: D301 - click wants the character itself


for command in (
    init,
    run,
    show_config,
    predict,
    models,
    rollback,
    runs,
    report,
    backup,
    classify,
    cluster,
):
    cli.add_command(command)
# Kubeflow runs these; hidden from --help.
for command in (node, train_worker):
    cli.add_command(command)


def main() -> None:
    """Runs the command that the arguments name, and exits."""
    _use_utf8()
    run_and_exit(cli)


def _use_utf8() -> None:
    """Starts over in Python's UTF-8 mode where the locale has another encoding.

    Names of files are bytes, usually UTF-8: read as ISO-8859-1 a class would get another name.
    """
    if sys.getfilesystemencoding() != "utf-8":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
