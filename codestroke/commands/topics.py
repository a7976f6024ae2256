"""``codestroke topics``: create the topics of the table, and show them with their lag."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from codestroke.settings import load_settings
from schemas.asyncapi import document, render
from schemas.errors import BadSettings
from schemas.topics import Topic, all_topics
from streams.app import groups_of, role_names
from streams.kafka import admin
from streams.pathways import all_pathways

Json = Annotated[bool, Parameter(name="--json", negative=())]
app = cyclopts.App(name="topics", help="Kafka topics: created from the table, described with lag.")


def _table() -> tuple[Topic, ...]:
    return all_topics([pathway.name for pathway in all_pathways()])


@app.command
def apply() -> None:
    """Create every topic of the table that is missing."""
    created = admin.apply(load_settings().kafka, _table())
    Console().print(f"{len(created)} topics created" + "".join(f"\n  {name}" for name in created))


@app.command
def describe(*, as_json: Json = False) -> None:
    """Show partitions, records and lag of every topic.

    Args:
        as_json: print one JSON document instead of a table.
    """
    groups = [f"codestroke-{group}" for role in role_names() for group in groups_of(role)]
    states = admin.describe(load_settings().kafka, _table(), groups)
    if as_json:
        Console(soft_wrap=True).print_json(json.dumps([dataclasses.asdict(state) for state in states]))
        return
    table = Table("topic", "partitions", "records", "lag")
    for state in states:
        lag = ", ".join(f"{group}: {count}" for group, count in sorted(state.lag.items()))
        table.add_row(state.name, str(state.partitions), str(state.records), lag)
    Console().print(table)


@app.command
def asyncapi(*, check: Annotated[Path | None, Parameter(name="--check")] = None) -> None:
    """Print the AsyncAPI 3.0 document of all topics; ``docs/reference/asyncapi.json`` is its output.

    Args:
        check: print nothing, and end with status 1 where this file says anything else.
    """
    made = render(document([pathway.name for pathway in all_pathways()]))
    if check is None:
        print(made, end="")  # noqa: T201 - a document for a file
    elif not check.is_file() or check.read_text() != made:
        raise BadSettings(f"{check} is not what the table of topics says: codestroke topics asyncapi > {check}")
