"""The single way in which a page changes: lock, decide, write page + history + audit, commit, tell.

Who calls it: every duty of the pager, and the webhooks through ``alerting.pager.inbound``. It must not talk to a
provider: no transaction is open while a message is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.core.contacts import ChannelName
from alerting.core.pages import PageEffect, PageEvent, PageState, Step, advance
from alerting.pager.columns import Happening, columns, is_second_message
from alerting.pager.metrics import PagerMetrics
from alerting.pager.publishing import BestEffortPublisher
from schemas.events import PageChanged
from schemas.ids import event_id_of
from store import pages, phones
from store.engine import transaction
from store.incidents import Incident
from store.pages import PageChange, PageRow

_log = structlog.get_logger(__name__)
_LEVELS = {
    PageEffect.RAISE: logging.ERROR,
    PageEffect.RAISE_FLAGGED: logging.ERROR,
    PageEffect.SEND_AGAIN_FLAGGED: logging.ERROR,
    PageEffect.SEND_AGAIN: logging.WARNING,
    PageEffect.RETRY_LATER: logging.WARNING,
    PageEffect.LOOK_UP_LATER: logging.WARNING,
}
_WAKING = frozenset({PageEffect.SEND_AGAIN, PageEffect.SEND_AGAIN_FLAGGED, PageEffect.RAISE, PageEffect.RAISE_FLAGGED})
_OPTED_OUT = "opted_out"


class Journal:
    """Applies happenings to pages; ``actor`` is the role that stands in the audit log."""

    def __init__(
        self, engine: AsyncEngine, publisher: BestEffortPublisher, metrics: PagerMetrics, *, actor: str = "pager"
    ) -> None:
        self._engine = engine
        self._publisher = publisher
        self._metrics = metrics
        self._actor = actor

    async def record(self, page_id: str, happening: Happening, *, fence: int | None = None) -> Step | None:
        """Apply a happening in a transaction of its own.

        Args:
            page_id: the page.
            happening: what happened.
            fence: of the claim that saw it; None for what the provider itself told, which is true for every claim.

        Returns:
            The step taken; None where nothing was changed: unknown page, later claim, or known already.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        return await self.adopt(page_id, (), happening, fence=fence)

    async def spent_ways(self, row: PageRow) -> set[str]:
        """Channels that do not help the person of this page.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        async with transaction(self._engine) as connection:
            return await pages.spent_ways(connection, row)

    async def adopt(
        self,
        page_id: str,
        candidates: Sequence[Happening],
        otherwise: Happening,
        *,
        fence: int | None,
        unsure: Happening | None = None,
    ) -> Step | None:
        """Apply the first of ``candidates`` whose message is no other page's; ``otherwise`` where there is none.

        Of calls nobody can say whose they are: where as many are nobody's as earlier pages to this person may have left
        behind, this page may have none among them, and ``unsure`` is applied.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        async with transaction(self._engine) as connection:
            row = await pages.lock(connection, page_id, fence=fence)
            if row is None:
                self._metrics.stale_writes.inc()
                _log.warning("page_write_stale", page_id=page_id, page_event=otherwise.event, fence=fence)
                return None
            free = await _free(connection, row, candidates)
            happening = free[0] if free else otherwise
            is_call = row.channel == ChannelName.VOICE
            if unsure and free and is_call and len(free) <= await pages.strays(connection, row):
                happening = unsure
            step = await self.apply(connection, row, happening)
        if step is not None:
            self.tell(row, step.state, at=happening.at, detail=happening.event, key=happening.key)
        return step

    async def apply(self, connection: AsyncConnection, row: PageRow, happening: Happening) -> Step | None:
        """Apply a happening to a locked page in the caller's transaction; the caller tells of it after commit."""
        step = advance(PageState(row.state), happening.event)
        if step.effect is PageEffect.REFUSE:
            _log.error("page_event_refused", page_id=row.page_id, state=row.state, page_event=happening.event)
            self._metrics.events.labels(happening.event, step.effect).inc()
            return None
        second = is_second_message(row, happening)
        values: dict[str, object] = {"possible_duplicate": True} if second else columns(row, step, happening)
        change = PageChange(
            kind="second_message" if second else str(happening.event),
            dedupe_key=happening.key,
            values=values,
            detail=_detail(row, step, happening),
            wake=step.effect in _WAKING,
        )
        if not await pages.change(connection, row, change, actor=self._actor, now=happening.at):
            return None
        await _learn(connection, row, happening)
        self._count(row, step, happening, second=second)
        return step

    def tell(self, row: PageRow, state: str, *, at: datetime, detail: str, key: str) -> None:
        """Offer the change to the publisher; call it after the commit."""
        event = PageChanged(
            case_id=row.case_id or "",
            incident_id=row.incident_id or "",
            page_id=row.page_id,
            channel=row.channel,
            step=row.step,
            recipient=row.recipient,
            state=str(state),
            changed_at=at,
            detail=str(detail),
        )
        self._publisher.offer(event, event_id_of(row.case_id or row.page_id, "page.changed", key))

    def tell_incident(self, incident: Incident, detail: str, *, at: datetime, key: str) -> None:
        """Offer what became of an incident's answer to the publisher; call it after the commit."""
        event = PageChanged(
            case_id=incident.case_id,
            incident_id=incident.incident_id,
            page_id="",
            channel="",
            step=incident.step,
            recipient="",
            state=detail,
            changed_at=at,
            detail=detail,
        )
        self._publisher.offer(event, event_id_of(incident.case_id, "incident.answered", key))

    def _count(self, row: PageRow, step: Step, happening: Happening, *, second: bool) -> None:
        self._metrics.events.labels(happening.event, step.effect).inc()
        if second or step.effect in {PageEffect.SEND_AGAIN_FLAGGED, PageEffect.RAISE_FLAGGED}:
            self._metrics.possible_duplicates.inc()
        if step.effect is PageEffect.ADOPT and row.provider_sid is None:
            waited_s = max(0.0, (happening.at - row.created_at).total_seconds())
            self._metrics.accept_seconds.labels(row.channel, str(row.step)).observe(waited_s)
        _log.log(
            _LEVELS.get(step.effect, logging.INFO),
            "page_changed",
            page_id=row.page_id,
            case_id=row.case_id,
            recipient=row.recipient,
            channel=row.channel,
            page_event=str(happening.event),
            state=str(step.state),
            reason=happening.reason,
        )


async def _free(connection: AsyncConnection, row: PageRow, candidates: Sequence[Happening]) -> list[Happening]:
    """Those of ``candidates`` whose message is no other page's."""
    if not candidates:
        return []
    await pages.one_adoption_at_a_time(connection)
    return [
        happening
        for happening in candidates
        if happening.sid and await pages.owner_of_sid(connection, happening.sid) in {None, row.page_id}
    ]


async def _learn(connection: AsyncConnection, row: PageRow, happening: Happening) -> None:
    """What the change teaches of the person's phone; of a number that is nobody's nothing is kept."""
    if row.to_number is not None:
        return
    match happening.event:
        case PageEvent.ACCEPTED:
            learnt: dict[str, object] = {"accepted_at": happening.at}
        case PageEvent.DELIVERED:
            learnt = {"delivered_at": happening.at, "failure": ""}
        case PageEvent.REJECTED | PageEvent.UNDELIVERED:
            learnt = {"failed_at": happening.at, "failure": happening.reason}
            learnt |= {"opted_out_at": happening.at} if happening.reason == _OPTED_OUT else {}
        case _:
            return
    await phones.learn(connection, row.recipient, row.channel, **learnt)


def _detail(row: PageRow, step: Step, happening: Happening) -> dict[str, object]:
    facts = {
        "state": str(step.state),
        "effect": str(step.effect),
        "step": row.step,
        "fence": row.fence,
        "attempt_id": row.attempt_id,
        "sid": happening.sid,
        "reason": happening.reason,
        **happening.detail,
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}
