"""``codestroke``: one command, a subcommand per role, and the tools around them."""

from __future__ import annotations

import sys
from typing import Annotated

import cyclopts
from cyclopts import Parameter
from triton_models.commands import app as models

from codestroke.commands import db, demo, dlq, doctor, roles, simulate, topics
from codestroke.services.commands import app as services
from schemas.errors import CodestrokeError

EXIT_ERROR = 1

app = cyclopts.App(
    name="codestroke",
    help="Stream processing for stroke and emergency imaging. Research software, not a medical device.",
    version_flags=["--version"],
)
for command in (services, models, topics.app, dlq.app, db.app, simulate.app):
    app.command(command)
app.command(roles.gateway)
app.command(roles.worker)
app.command(roles.pager)
app.command(roles.board)
app.command(demo.demo)
app.command(doctor.doctor)


def main(arguments: Annotated[list[str] | None, Parameter(show=False)] = None) -> None:
    """Entry point: our own errors become one line on standard error and exit status 1."""
    try:
        app(arguments)
    except CodestrokeError as error:
        print(f"codestroke: {error.reason}: {error}", file=sys.stderr)  # noqa: T201 - the command line speaks here
        sys.exit(EXIT_ERROR)
