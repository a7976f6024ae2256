"""``codestroke db``: migrations of the store."""

from __future__ import annotations

import cyclopts
from rich.console import Console

from codestroke.settings import load_settings
from store import migrate

app = cyclopts.App(name="db", help="Migrate the store.")


@app.command
def upgrade(revision: str = "head") -> None:
    """Migrate up to a revision."""
    migrate.upgrade(load_settings().store, revision)
    Console().print(f"store is at {revision}")


@app.command
def downgrade(revision: str) -> None:
    """Migrate down to a revision; data of the tables it drops is lost."""
    migrate.downgrade(load_settings().store, revision)
    Console().print(f"store is at {revision}")
