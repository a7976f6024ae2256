"""Chooses free loopback ports and remembers them, so that a part keeps its address over restarts.

Called by the stack alone. A fixed port that is taken is an error which names the option; a chosen one that was
taken meanwhile is chosen anew.
"""

from __future__ import annotations

import dataclasses
import json
import random
import socket
from collections.abc import Collection
from pathlib import Path

from codestroke.services.parts import Part, Ports
from schemas.errors import BadSettings

# Below Linux's ephemeral range (32768-60999), so that no outgoing connection takes a chosen port first.
_CHOOSE_FROM = range(20000, 32000)
_ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose(taken: set[int]) -> int:
    """A free port that is not among ``taken``."""
    for _ in range(_ATTEMPTS):
        port = random.choice(_CHOOSE_FROM)  # noqa: S311 - spreads stacks apart, keeps nothing secret
        if port not in taken and is_free(port):
            return port
    raise BadSettings("no free port between 20000 and 32000 on 127.0.0.1", reason="no_free_port")


def load(path: Path) -> Ports | None:
    """The ports remembered in ``path``, or None."""
    if not path.exists():
        return None
    return Ports(**json.loads(path.read_text()))


def save(path: Path, ports: Ports) -> None:
    """Remember ``ports`` in ``path``."""
    path.write_text(json.dumps(dataclasses.asdict(ports), indent=1) + "\n")


def settle(wanted: Ports, remembered: Ports | None, starting: Collection[Part]) -> Ports:
    """Turn ``wanted`` into real ports for the parts that are ``starting``: fixed, remembered or newly chosen.

    The other parts run already or live elsewhere: they keep what is remembered of them.
    Raises BadSettings for a fixed port that is in use.
    """
    known = dataclasses.asdict(remembered) if remembered else {}
    settled: dict[str, int] = {}
    for part in Part:
        for name, port in wanted.of(part).items():
            kept = known.get(name, 0)
            if part not in starting:
                settled[name] = kept or port
            elif port:
                settled[name] = _fixed(name, port)
            else:
                settled[name] = kept if kept and is_free(kept) else choose(set(settled.values()))
    return Ports(**settled)


def _fixed(name: str, port: int) -> int:
    if not is_free(port):
        option = f"--ports.{name.replace('_', '-')}"
        raise BadSettings(
            f"port {port} of 127.0.0.1 is in use; give {option} another one, or 0 to choose a free one",
            reason="port_in_use",
        )
    return port
