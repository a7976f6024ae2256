"""SQLAlchemy Core tables of the store, one group a module; the migrations make exactly these."""

from store.tables.audit import audit
from store.tables.cases import case_pathways, cases, outcomes
from store.tables.incidents import incidents, page_events, page_outbox
from store.tables.meta import metadata
from store.tables.worklist import measurements, worklist

__all__ = [
    "audit",
    "case_pathways",
    "cases",
    "incidents",
    "measurements",
    "metadata",
    "outcomes",
    "page_events",
    "page_outbox",
    "worklist",
]
