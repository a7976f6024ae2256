"""The story of one case."""

from __future__ import annotations

from board.rows import PageEventRow
from board.timeline import ledger_view, story_of
from schemas.findings import Outcome
from schemas.ledger import Span, Stage
from tests.board.builders import ago, case, ended, finding, incident, page, pathway


def test_the_story_is_told_in_order_of_time() -> None:
    flagged = pathway(outcome=ended(Outcome.scored(finding()), decided_at=ago(150)))
    answered = incident(page(accepted_at=ago(115)), acknowledged_by="neuro-1", at=ago(80))
    events = [
        PageEventRow(kind="in_doubt", at=ago(117), page_id="page-1"),
        PageEventRow(kind="accepted", at=ago(115), page_id="page-1"),
    ]
    told = story_of(case("a", flagged, incidents=(answered,)), events).happenings
    assert [item.at for item in told] == sorted(item.at for item in told)
    assert told[0].after_s < 0, "acquired before it arrived"
    assert told[-1].text == "acknowledged by neuro-1 by SMS"
    said = [item.text for item in told]
    assert "page to neuro-1: no clear answer from the carrier, to be looked up" in said
    assert sum("accepted" in text for text in said) == 1, "once, though two tables know it"


def test_ledger_bars_are_drawn_to_scale() -> None:
    ledger = (
        Span(stage=Stage.FETCH, start=ago(90), end=ago(65)),
        Span(stage=Stage.INFER, start=ago(50), end=ago(0)),
    )
    view = ledger_view("stroke", ledger, ago(100))
    assert view.total_s == 100
    assert view.attributed == 0.75
    assert [(bar.left, bar.width) for bar in view.bars] == [(10, 25), (50, 50)]
