"""Which columns of a page an event sets: pure, from the page, the event and what came with it.

Who calls it: ``alerting.pager.journal``. The next state comes from ``alerting.core.pages``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerting.core.pages import PageEffect, PageEvent, PageState, Step
from store.pages import PageRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event of a page with its facts.

    Attributes:
        event: what happened.
        key: dedupe key; a happening with the same key is applied once.
        at: when (aware UTC).
        sid: the provider's name of the message, where the event proves acceptance.
        sent_at: when the attempt began, where known.
        due_at: when to try or look again.
        receipt_due_at: when to ask for the receipt.
        reason: short stable code, kept in the page's ``last_error`` where it is a failure.
        detail: more for the history; no number, no patient data.
    """

    event: PageEvent
    key: str
    at: datetime
    sid: str | None = None
    sent_at: datetime | None = None
    due_at: datetime | None = None
    receipt_due_at: datetime | None = None
    reason: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)


def is_second_message(row: PageRow, happening: Happening) -> bool:
    """Say whether the happening proves that the provider holds two messages for this one page."""
    return happening.sid is not None and row.provider_sid is not None and happening.sid != row.provider_sid


def columns(row: PageRow, step: Step, happening: Happening) -> dict[str, object]:
    """The columns to set; the state is always among them."""
    values: dict[str, object] = {"state": str(step.state), **_adopted(row, happening), **_receipt(row, step, happening)}
    match step.effect:
        case PageEffect.RETRY_LATER:
            values |= {**_released(), "due_at": happening.due_at, "last_error": happening.reason}
        case PageEffect.LOOK_UP_LATER:
            values |= {"lease_owner": None, "lease_until": happening.due_at, "last_error": happening.reason}
        case PageEffect.SEND_AGAIN:
            values |= {**_released(), "due_at": happening.at}
        case PageEffect.SEND_AGAIN_FLAGGED:
            values |= {**_released(), "due_at": happening.at, "possible_duplicate": True}
        case PageEffect.RAISE:
            values |= {**_released(), "last_error": happening.reason}
        case PageEffect.RAISE_FLAGGED:
            values |= {**_released(), "last_error": happening.reason, "possible_duplicate": True}
        case PageEffect.CLOSE:
            values |= _released()
    return values


def _released() -> dict[str, object]:
    return {"lease_owner": None, "lease_until": None, "lookup_since": None}


def _adopted(row: PageRow, happening: Happening) -> dict[str, object]:
    if happening.sid is None or row.provider_sid is not None:
        return {}
    return {
        **_released(),
        "provider_sid": happening.sid,
        "sent_at": happening.sent_at or row.claimed_at or happening.at,
        "accepted_at": happening.at,
    }


def _receipt(row: PageRow, step: Step, happening: Happening) -> dict[str, object]:
    if step.state is PageState.DELIVERED:
        return {"receipt_due_at": None, "delivered_at": row.delivered_at or happening.at}
    if step.state is PageState.ACCEPTED:
        return {"receipt_due_at": happening.receipt_due_at} if row.provider_sid is None else {}
    return {"receipt_due_at": None}
