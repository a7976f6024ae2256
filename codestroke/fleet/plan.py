"""Which processes make a whole codestroke on one machine, and the environment each gets. Pure."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codestroke.services.stack import Endpoints

# One process per line; what docker-compose.yml starts as services, so that both stay equal.
ROLES: Mapping[str, tuple[str, ...]] = {
    "gateway": ("gateway",),
    "router": ("worker", "router"),
    "stroke": ("worker", "stroke"),
    "aorta": ("worker", "aorta"),
    "chest": ("worker", "chest"),
    "decider": ("worker", "decider"),
    "pager": ("pager",),
    "board": ("board",),
}
# On a laptop of two cores fewer processes start sooner; the consumer groups are the same either way.
SMALL_ROLES: Mapping[str, tuple[str, ...]] = {
    "gateway": ("gateway",),
    "router-decider": ("worker", "router", "decider"),
    "stroke": ("worker", "stroke"),
    "aorta-chest": ("worker", "aorta", "chest"),
    "pager": ("pager",),
    "board": ("board",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """Everything that distinguishes one fleet from another; ``extra`` are settings by environment name."""

    home: Path
    endpoints: Endpoints
    site_key: str
    gateway_port: int
    board_port: int
    carrier_url: str
    contacts: Mapping[str, str]
    """Person code to E.164 number."""
    teams: Mapping[str, object]
    """As in the settings of paging."""
    callers: tuple[str, ...]
    """AE titles that may store."""
    account_sid: str
    auth_token: str
    from_number: str
    policies: Mapping[str, object] = field(default_factory=dict)
    desk: tuple[str, ...] = ()
    webhooks: bool = False
    """Whether the carrier calls the board; otherwise answers are asked for."""
    small: bool = True
    extra: tuple[tuple[str, str], ...] = ()

    def environment(self, role: str) -> dict[str, str]:
        """The settings of a role's process."""
        health = self.home / "run" / f"{role}.health"
        values = {
            "SITE": "DEMO",
            "SITE_KEY": self.site_key,
            "SPOOL": str(self.home / "spool"),
            "KAFKA__BOOTSTRAP": self.endpoints.kafka_bootstrap,
            "KAFKA__SESSION_TIMEOUT_S": "6",
            "STORE__URL": self.endpoints.postgres_url,
            "TRITON__GRPC": self.endpoints.triton_grpc,
            "GATEWAY__PORT": str(self.gateway_port),
            "GATEWAY__ALLOWED_AE_TITLES": json.dumps(self.callers),
            "WORKER__SCRATCH": str(self.home / "scratch"),
            "PAGING__CONTACTS": json.dumps([{"code": c, "number": n} for c, n in self.contacts.items()]),
            "PAGING__TEAMS": json.dumps(self.teams),
            "PAGING__POLICIES": json.dumps(self.policies),
            "PAGING__DESK": json.dumps(self.desk),
            **self._webhook_mode(),
            "TWILIO__ACCOUNT_SID": self.account_sid,
            "TWILIO__AUTH_TOKEN": self.auth_token,
            "TWILIO__FROM_NUMBER": self.from_number,
            "TWILIO__BASE_URL": self.carrier_url,
            "BOARD__PORT": str(self.board_port),
            "BOARD__DEMO": "true",
            "HEALTH__FILE": str(health),
            "LOG__FORMAT": "json",
        }
        return {f"CODESTROKE_{name}": value for name, value in values.items()} | dict(self.extra)

    def _webhook_mode(self) -> dict[str, str]:
        if not self.webhooks:
            return {}
        return {"PAGING__MODE": "webhook", "PAGING__PUBLIC_URL": f"http://127.0.0.1:{self.board_port}"}


def roles_of(plan: FleetPlan) -> Mapping[str, list[str]]:
    """Process name to argument vector."""
    chosen = SMALL_ROLES if plan.small else ROLES
    return {name: [sys.executable, "-m", "codestroke", *arguments] for name, arguments in chosen.items()}


def carrier_program(config: Path) -> list[str]:
    """Argument vector of the simulated phone carrier."""
    return [sys.executable, "-m", "codestroke", "simulate", "carrier", "--config", str(config)]
