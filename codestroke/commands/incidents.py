"""``codestroke incidents``: who was told what, when and how; one row a communication, as tables, CSV or FHIR.

Only reads. A patient stands there by the site's keyed pseudonym alone, a person by the rota's code.
"""

from __future__ import annotations

import asyncio
import enum
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import cyclopts
import msgspec
from rich.console import Console

from alerting.record.reading import read_accounts
from alerting.record.rows import Account, in_order, rows_of
from alerting.record.table import NOTICE, write_csv
from codestroke.commands.incident_tables import show_communications, show_incidents
from codestroke.logs import configure
from codestroke.settings import load_settings
from schemas.errors import BadSettings
from store.engine import open_engine

app = cyclopts.App(name="incidents", help="Who was told what, when and how.")
AsJson = Annotated[bool, cyclopts.Parameter(name="--json", negative=())]


class ExportFormat(enum.StrEnum):
    """What a record can be written as."""

    CSV = "csv"
    FHIR = "fhir"


@app.command(name="list")
def list_(*, since: datetime | None = None, as_json: AsJson = False) -> None:
    """List incidents: finding, state, who has it.

    Args:
        since: only those opened from then on (ISO 8601; UTC where it names no offset).
        as_json: one JSON document instead of a table.
    """
    report = {"notice": NOTICE, "incidents": [_incident(each) for each in _read(since=since)]}
    _print(report, as_json, show_incidents)


@app.command
def show(code: str, *, as_json: AsJson = False) -> None:
    """Show every communication about the case with this code.

    Args:
        code: the case's short code, for example K7FQ.
        as_json: one JSON document instead of a table.

    Raises:
        BadSettings: no incident of a case has this code.
    """
    accounts = _read(reference=code.upper())
    if not accounts:
        raise BadSettings(f"no incident of a case has the code {code.upper()}")
    communications = [msgspec.to_builtins(row) for row in in_order(accounts)]
    incidents = [_incident(each) for each in accounts]
    report = {"notice": NOTICE, "incidents": incidents, "communications": communications}
    _print(report, as_json, show_communications)


@app.command
def export(
    *,
    format_: Annotated[ExportFormat, cyclopts.Parameter(name="--format")],
    since: datetime | None = None,
    out: Path | None = None,
) -> None:
    """Write the record of all communications.

    Args:
        format_: csv, or fhir (R4B Communication resources in a Bundle).
        since: only of incidents opened from then on (ISO 8601; UTC where it names no offset).
        out: file to write; standard output where it is absent.
    """
    text = _document(_read(since=since), format_)
    if out is None:
        print(text, end="")  # noqa: T201 - the document itself
    else:
        out.write_text(text, encoding="utf-8", newline="")


def _document(accounts: Sequence[Account], format_: ExportFormat) -> str:
    rows = in_order(accounts)
    if format_ is ExportFormat.CSV:
        buffer = io.StringIO(newline="")
        write_csv(rows, buffer)
        return buffer.getvalue()
    from alerting.record.fhir import bundle_of  # noqa: PLC0415 - the library takes long to load

    return bundle_of(rows, now=datetime.now(UTC)).model_dump_json(indent=2) + "\n"


def _read(*, reference: str | None = None, since: datetime | None = None) -> tuple[Account, ...]:
    settings = load_settings()
    configure(settings.log)

    async def read() -> tuple[Account, ...]:
        engine = open_engine(settings.store)
        try:
            return await read_accounts(engine, reference=reference, since=_aware(since))
        finally:
            await engine.dispose()

    return asyncio.run(read())


def _incident(account: Account) -> dict[str, Any]:
    incident, rows = account.incident, rows_of(account)
    return {
        "incident_id": incident.incident_id,
        "reference": incident.reference,
        "pathway": incident.pathway,
        "team": incident.team,
        "finding": rows[0].finding if rows else incident.code,
        "state": incident.state,
        "opened_at": _iso(incident.opened_at),
        "acknowledged_at": _iso(incident.acknowledged_at),
        "acknowledged_by": incident.acknowledged_by,
        "acknowledged_how": incident.acknowledged_how,
        "ended_at": _iso(incident.ended_at),
        "alarmed_at": _iso(incident.alarmed_at),
        "communications": len(rows),
    }


def _print(report: dict[str, Any], as_json: bool, table: Callable[[Console, Mapping[str, Any]], None]) -> None:
    if as_json:
        print(json.dumps(report))  # noqa: T201 - a document for machines
    else:
        table(Console(), report)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _aware(at: datetime | None) -> datetime | None:
    return at if at is None else at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
