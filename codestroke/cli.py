"""``codestroke``: one command, a subcommand per role, and the tools around them.

Subcommands are named by import path and loaded when they are called, so that a role loads only what it needs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import cyclopts

from schemas.errors import CodestrokeError

EXIT_ERROR = 1

app = cyclopts.App(
    name="codestroke",
    help="Stream processing for stroke and emergency imaging. Research software, not a medical device.",
)
COMMANDS = {
    "demo": ("codestroke.commands.demo:demo", "Play a scripted shift on this machine, everything included."),
    "doctor": ("codestroke.commands.doctor:doctor", "Check every peer and say the next thing to do."),
    "gateway": ("codestroke.commands.roles:gateway", "Role: receive DICOM and announce complete studies."),
    "worker": ("codestroke.commands.roles:worker", "Role: Faust workers (router, stroke, aorta, chest, decider)."),
    "pager": ("codestroke.commands.roles:pager", "Role: send pages, follow receipts and answers, watch deadlines."),
    "board": ("codestroke.commands.roles:board", "Role: the live board and the carrier's webhooks."),
    "rota": ("codestroke.commands.rota:app", "Who is on call; whether every tier has somebody."),
    "page": ("codestroke.commands.page:app", "Page a person for a test and watch it arrive."),
    "silence": ("codestroke.commands.silence:app", "Stop paging a team for a while; every silence ends by itself."),
    "incidents": ("codestroke.commands.incidents:app", "Who was told what, when and how; as tables, CSV or FHIR."),
    "services": ("codestroke.services.commands:app", "Real Kafka, PostgreSQL and Triton from packages."),
    "topics": ("codestroke.commands.topics:app", "Kafka topics: create, describe with lag."),
    "dlq": ("codestroke.commands.dlq:app", "Dead letters: list and replay."),
    "db": ("codestroke.commands.db:app", "Migrate the store."),
    "models": ("codestroke.commands.models:app", "Train, evaluate, export and validate models."),
    "simulate": ("codestroke.commands.simulate:app", "A synthetic hospital: a phone carrier and a shift."),
}
for name, (target, text) in COMMANDS.items():
    app.command(target, name=name, help=text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: our own errors become one line on standard error and exit status 1."""
    try:
        app(arguments)
    except CodestrokeError as error:
        print(f"codestroke: {error.reason}: {error}", file=sys.stderr)  # noqa: T201 - the command line speaks here
        sys.exit(EXIT_ERROR)
