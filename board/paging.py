"""The paging of a case in words: where each incident stands, what comes next, who was told, who answered. Pure.

Called by ``board.view``. An incident that ended without anybody who takes it never reads like one that is under way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from alerting.core.escalation import Policy
from alerting.core.incidents import IncidentState
from alerting.core.replies import ReplyKind
from board import words
from board.cells import page_cell
from board.model import AnswerView, IncidentView
from board.rows import IncidentRow, NextStep, PageRow
from store.incidents import Answer

_ALARMING = frozenset({IncidentState.DECLINED, IncidentState.EXHAUSTED, IncidentState.SILENCED})


def incident_view(row: IncidentRow) -> IncidentView:
    """The panel of one incident."""
    is_open = row.state == IncidentState.OPEN
    return IncidentView(
        pathway=row.pathway,
        team=row.team,
        finding=words.finding_name(row.code),
        state=row.state,
        words=state_words(row),
        alarm=row.state in _ALARMING or row.state not in set(IncidentState),
        opened_at=row.opened_at,
        next_step_at=row.next_step_at if is_open else None,
        next_words=next_words(row.next_step) if is_open and row.next_step else "",
        pages=tuple(page_cell(row, page) for page in sorted(row.pages, key=_by_step)),
        answers=tuple(_answer(each) for each in row.answers),
    )


def state_words(row: IncidentRow) -> str:
    """Where the paging of one finding stands."""
    if row.state == IncidentState.OPEN:
        return _open_words(row)
    if row.state == IncidentState.ACKNOWLEDGED:
        how = f", {words.how(row.acknowledged_how)}" if row.acknowledged_how else ""
        return f"acknowledged by {row.acknowledged_by or 'somebody'}{how}"
    if row.state == IncidentState.EXHAUSTED and not row.pages:
        return words.NOBODY_PAGED.format(team=row.team)
    return words.INCIDENT.get(row.state, f"state not understood: {row.state}").format(team=row.team)


def next_words(step: NextStep) -> str:
    """What happens at the next step."""
    if step.alarm:
        return "then the alarm here, at the ED desk"
    whom = "everybody" if step.tier is None else f"tier {step.tier}"
    over = " and ".join(words.CHANNEL.get(each, each) for each in step.channels)
    return f"step {step.number} of {step.of}: {over} to {whom}"


def next_step_of(policy: Policy, step: int) -> NextStep:
    """The step of index ``step`` of a policy, or the alarm after the last one."""
    count = len(policy.steps)
    if step >= count:
        return NextStep(number=count, of=count, alarm=True)
    given = policy.steps[step]
    return NextStep(number=step + 1, of=count, tier=given.tier, channels=tuple(str(each) for each in given.channels))


def with_next_steps(rows: Sequence[IncidentRow], policy_of: Callable[[str], Policy]) -> tuple[IncidentRow, ...]:
    """The incidents, the open ones with what comes next."""
    return tuple(
        replace(row, next_step=next_step_of(policy_of(row.team), row.step)) if row.state == IncidentState.OPEN else row
        for row in rows
    )


def _open_words(row: IncidentRow) -> str:
    if not row.pages:
        return f"paging the {row.team} team: first page not written yet"
    holders = _holders(row.answers)
    if holders:
        return f"taken by {', '.join(holders)}; paging on, a person of another role is needed"
    said = "nobody has taken it" if row.answers else "nobody has answered yet"
    return f"paging the {row.team} team, step {row.step}: {said}"


def _holders(answers: Sequence[Answer]) -> tuple[str, ...]:
    """Who took it and did not give it back, first answer first."""
    held: dict[str, None] = {}
    for answer in answers:
        if answer.kind == ReplyKind.ACKNOWLEDGE:
            held[answer.person] = None
        elif answer.kind == ReplyKind.DECLINE:
            held.pop(answer.person, None)
    return tuple(held)


def _by_step(page: PageRow) -> tuple[int, str, str]:
    return page.step, page.recipient, page.channel


def _answer(answer: Answer) -> AnswerView:
    said = words.ANSWER.get(answer.kind, f"answer not understood: {answer.kind}")
    return AnswerView(person=answer.person, words=said, how=words.how(answer.how), at=answer.at)
