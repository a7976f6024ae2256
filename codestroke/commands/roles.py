"""The subcommands that run a role until they are told to stop."""

from __future__ import annotations

from codestroke.settings import Settings, load_settings


def gateway() -> None:
    """Receive DICOM, watch PACS, and announce complete studies."""
    from codestroke.roles.gateway import GatewayRole  # noqa: PLC0415 - each role loads only what it needs
    from codestroke.roles.run import run_role  # noqa: PLC0415

    settings = load_settings()

    async def make() -> GatewayRole:
        return GatewayRole(settings)

    run_role("gateway", settings, make)


def worker(*roles: str) -> None:
    """Run Faust workers: router, stroke, aorta, chest, decider; several in one process are allowed."""
    from codestroke.roles.run import run_role  # noqa: PLC0415
    from codestroke.roles.worker import WorkerRole  # noqa: PLC0415

    settings = load_settings()

    async def make() -> WorkerRole:
        return WorkerRole(roles, settings)

    run_role("-".join(roles) or "worker", settings, make)


def pager() -> None:
    """Send pages, follow receipts and answers, watch deadlines."""
    from codestroke.roles.pager import PagerRole  # noqa: PLC0415
    from codestroke.roles.run import run_role  # noqa: PLC0415

    settings = load_settings()

    async def make() -> PagerRole:
        return PagerRole(settings)

    run_role("pager", settings, make)


def board() -> None:
    """Serve the emergency department's board and the carrier's webhooks."""
    from codestroke.roles.board import BoardRole  # noqa: PLC0415
    from codestroke.roles.run import run_role  # noqa: PLC0415

    settings: Settings = load_settings()

    async def make() -> BoardRole:
        return BoardRole(settings)

    run_role("board", settings, make)
