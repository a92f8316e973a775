"""The command line options for the connection to Kubeflow Pipelines."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .connection import Connection

if TYPE_CHECKING:
    from .api import PipelinesHost

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--host",
        metavar="URL",
        envvar="KF_PIPELINES_ENDPOINT",
        help="URL of Kubeflow Pipelines, such as http://localhost:8080; in a full Kubeflow "
        "installation it ends in /pipeline. [env: KF_PIPELINES_ENDPOINT; default: this pod's "
        "cluster, or the current kubectl context]",
    ),
    click.option(
        "--namespace",
        metavar="NAME",
        envvar="KFP_NAMESPACE",
        help="Your namespace, where Kubeflow has several users. [env: KFP_NAMESPACE]",
    ),
    click.option(
        "--token-file",
        metavar="FILE",
        envvar="KFP_TOKEN_FILE",
        type=click.Path(path_type=Path),
        help="File with a bearer token, read at each request. The token itself: KFP_TOKEN. "
        "[env: KFP_TOKEN_FILE]",
    ),
    click.option(
        "--cookie-file",
        metavar="FILE",
        envvar="KFP_COOKIE_FILE",
        type=click.Path(path_type=Path),
        help="File with a session cookie (Dex): NAME=VALUE. The cookie itself: KFP_COOKIE. "
        "[env: KFP_COOKIE_FILE]",
    ),
    click.option(
        "--ca-file",
        metavar="FILE",
        envvar="KFP_CA_FILE",
        type=click.Path(path_type=Path),
        help="Certificate of the authority that signed the host's. [env: KFP_CA_FILE]",
    ),
    click.option(
        "--timeout",
        "timeout_seconds",
        metavar="SECONDS",
        type=click.IntRange(1, 3600),
        default=60,
        show_default=True,
        help="Timeout of one response of the host.",
    ),
)
_NAMES = ("host", "namespace", "token_file", "cookie_file", "ca_file", "timeout_seconds")


def connection_options(command: Command) -> Command:
    """Adds the options to a command; `connection_from` takes them out again."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def connection_from(options: dict[str, Any]) -> Connection:
    """Reads the options and the environment.

    Raises:
        components.errors.UserError: If they are not valid.
    """
    return Connection.from_options(
        **{name: options.pop(name) for name in _NAMES}, environment=os.environ
    )


def open_host(connection: Connection) -> "PipelinesHost":
    """Connects, and notes an unused option.

    Raises:
        components.errors.UserError: If the host cannot be reached, or needs a namespace.
    """
    from .api import PipelinesHost

    host = PipelinesHost(connection)
    if connection.namespace and not host.is_multi_user:
        click.echo(
            f"--namespace {connection.namespace} is not used: this Kubeflow has one user only",
            err=True,
        )
    return host
