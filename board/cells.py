"""The parts of a row: pathways, pages and acknowledgements as the screen shows them. Pure; called by ``board.view``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from board import words
from board.model import AckView, KeyImageView, MeasurementView, ModelView, PageCell, PathwayCell
from board.rows import IncidentRow, KeyImageRow, PageRow, PathwayRow
from schemas.findings import Finding

# UCUM's unit of a number without one.
_NO_UNIT = "1"


def pathway_cell(row: PathwayRow) -> PathwayCell:
    """One pathway; a running or missing analysis never reads like a negative one."""
    if row.outcome is None:
        text = "analysing" if row.eligible else words.sentence(f"does not apply: {row.reason}".rstrip(": "))
        return PathwayCell(
            pathway=row.pathway,
            eligible=row.eligible,
            outcome=None,
            finding=None,
            words=text,
            reason=row.reason,
            deadline=row.deadline if row.eligible else None,
        )
    outcome, finding = row.outcome.outcome, row.outcome.outcome.finding
    return PathwayCell(
        pathway=row.pathway,
        eligible=row.eligible,
        outcome=outcome.kind.value,
        finding=finding.state.value if finding else None,
        words=words.finding_words(finding) if finding else words.outcome_words(outcome.kind, outcome.reason),
        reason=outcome.reason,
        score=finding.score if finding else None,
        late=row.outcome.late,
        decided_at=row.outcome.decided_at,
        deadline=row.deadline if row.eligible else None,
        measurements=_measurements(finding),
        key_image=_key_image(row.key_image),
        model=_model(finding),
    )


def page_cells(incidents: Sequence[IncidentRow]) -> tuple[PageCell, ...]:
    """All pages of a case in order of creation."""
    cells = [page_cell(incident, page) for incident in incidents for page in incident.pages]
    return tuple(sorted(cells, key=lambda cell: (cell.created_at, cell.page_id)))


def page_cell(incident: IncidentRow, page: PageRow) -> PageCell:
    """One page of an incident."""
    return PageCell(
        page_id=page.page_id,
        pathway=incident.pathway,
        recipient=page.recipient,
        channel=words.CHANNEL.get(page.channel, page.channel),
        step=page.step,
        state=page.state,
        words=words.PAGE_STATE.get(page.state, f"state not understood: {page.state}"),
        at=_reached_at(page),
        created_at=page.created_at,
        accepted_at=page.accepted_at,
        delivered_at=page.delivered_at,
        possible_duplicate=page.possible_duplicate,
        why=words.why(page.last_error) if page.state == "failed" else "",
    )


def acknowledgements_of(incidents: Sequence[IncidentRow]) -> tuple[AckView, ...]:
    """Who answered, first answer first."""
    answers = [
        AckView(pathway=item.pathway, by=item.acknowledged_by, how=item.acknowledged_how, at=item.acknowledged_at)
        for item in incidents
        if item.acknowledged_at is not None
    ]
    return tuple(sorted(answers, key=lambda answer: answer.at))


def _reached_at(page: PageRow) -> datetime:
    return page.delivered_at or page.accepted_at or page.sent_at or page.created_at


def _measurements(finding: Finding | None) -> tuple[MeasurementView, ...]:
    """What was measured in the patient; scores are a model's and no measure of anything, so a screen has none."""
    measured = (item for item in (finding.measurements if finding else ()) if item.unit != _NO_UNIT)
    return tuple(
        MeasurementView(
            name=item.name.removesuffix(f"_{item.unit}"),
            value=item.value,
            unit=item.unit,
            low=item.low,
            high=item.high,
        )
        for item in measured
    )


def _key_image(row: KeyImageRow | None) -> KeyImageView | None:
    return KeyImageView(caption=row.caption, version=f"{row.made_at:%Y%m%dT%H%M%S%f}") if row else None


def _model(finding: Finding | None) -> ModelView | None:
    model = finding.model if finding else None
    if model is None:
        return None
    return ModelView(name=model.name, version=model.version, operating_point=model.operating_point)
