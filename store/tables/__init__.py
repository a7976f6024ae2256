"""SQLAlchemy Core tables of the store, one group a module; the migrations make exactly these."""

from store.tables.audit import audit
from store.tables.cases import case_pathways, cases, outcomes
from store.tables.evidence import key_images
from store.tables.incidents import incident_answers, incidents, page_events, page_outbox
from store.tables.meta import metadata
from store.tables.paging import desk_notices, list_lags, pager_clock, phones, rota_calendars, silences
from store.tables.worklist import measurements, worklist

__all__ = [
    "audit",
    "case_pathways",
    "cases",
    "desk_notices",
    "incident_answers",
    "incidents",
    "key_images",
    "list_lags",
    "measurements",
    "metadata",
    "outcomes",
    "page_events",
    "page_outbox",
    "pager_clock",
    "phones",
    "rota_calendars",
    "silences",
    "worklist",
]
