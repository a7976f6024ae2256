"""``codestroke services``: start, stop and show the embedded parts from a terminal.

Mounted by the main command line. Parts started here outlive the terminal until ``down``.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import cyclopts
from rich.console import Console
from rich.table import Table

from codestroke.services.stack import Part, PartStatus, Ports, Stack, StackConfig
from schemas.errors import CodestrokeError

app = cyclopts.App(name="services", help="Real Kafka, PostgreSQL and Triton on this machine, without containers.")

_INTERRUPTED = 130  # what shells expect after Ctrl-C
_NOTICE = "codestroke is research software, not a medical device."
Home = Annotated[Path, cyclopts.Parameter(env_var="CODESTROKE_HOME", help="Data, ports, logs.")]
Cache = Annotated[Path, cyclopts.Parameter(env_var="CODESTROKE_CACHE", help="Downloads, kept over homes.")]
Models = Annotated[Path | None, cyclopts.Parameter(help="Triton's model repository, if not the packaged one.")]
AsJson = Annotated[bool, cyclopts.Parameter(name="--json", negative="", help="Print one JSON document.")]
HOME = Path(".codestroke")
CACHE = Path("~/.cache/codestroke")
PORTS = Ports(kafka=9092, kafka_controller=9093, postgres=5432, triton_grpc=8001, triton_http=8000, triton_metrics=8002)


@dataclasses.dataclass(frozen=True, slots=True)
class WellKnownPorts(Ports):
    """The usual ports of the real servers; 0 chooses a free one."""

    kafka: int = 9092
    kafka_controller: int = 9093
    postgres: int = 5432
    triton_grpc: int = 8001
    triton_http: int = 8000
    triton_metrics: int = 8002


PORTS = WellKnownPorts()


@app.command
def up(
    *parts: Part,
    home: Home = HOME,
    cache: Cache = CACHE,
    models: Models = None,
    ports: WellKnownPorts = PORTS,
    as_json: AsJson = False,
) -> None:
    """Start the parts (all, or those named) and wait until they are ready; a part that runs is left alone."""
    config = StackConfig(home=home, cache=cache, ports=ports, model_repository=models)
    stack = Stack(config, progress=_console(), bound=False)
    ran_before = any(one.pid for one in stack.status())
    try:
        _run(lambda: stack.up(parts or tuple(Part)))
    except KeyboardInterrupt:
        if not ran_before:
            _run(stack.down)
        sys.exit(_INTERRUPTED)
    _show(stack.status(), as_json=as_json)


@app.command
def down(*, home: Home = HOME, cache: Cache = CACHE) -> None:
    """Stop the parts of this home; its data stay."""
    _run(Stack(StackConfig(home=home, cache=cache), bound=False).down)


@app.command
def status(*, home: Home = HOME, cache: Cache = CACHE, as_json: AsJson = False) -> None:
    """Show each part: state, process, address, version, memory and log."""
    _show(Stack(StackConfig(home=home, cache=cache), bound=False).status(), as_json=as_json)


def _console() -> Console:
    return Console(stderr=True)


def _run(action: Callable[[], object]) -> None:
    try:
        action()
    except CodestrokeError as error:
        _console().print(f"[red]{error.reason}[/red]: {error}", markup=True, highlight=False, soft_wrap=True)
        sys.exit(1)


def _show(found: list[PartStatus], *, as_json: bool) -> None:
    if as_json:
        document = {"parts": [dataclasses.asdict(one) for one in found], "notice": _NOTICE}
        sys.stdout.write(json.dumps(document, default=os.fspath) + "\n")
        return
    table = Table("part", "state", "pid", "version", "MiB", "up s", "listens on 127.0.0.1", caption=_NOTICE)
    for one in found:
        state = f"{one.state}, ready" if one.ready else str(one.state)
        ports = ", ".join(f"{name.removeprefix(f'{one.part}_')} {port or '?'}" for name, port in one.ports.items())
        cells = (one.part, state, one.pid, one.version, one.rss_mb, one.uptime_s, ports)
        table.add_row(*("-" if cell is None else str(cell) for cell in cells))
    console = Console()
    console.print(table)
    console.print(f"logs: {found[0].log.parent}", highlight=False, soft_wrap=True)
