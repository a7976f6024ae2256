"""Makes the ``study.arrived`` event of a complete study from what is held of it.

Who calls it: the tracker, once per announcement. The event depends on which instances are held, not on the order
in which they came, and carries neither name nor patient id, birth date or accession number.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from schemas.codec import MAX_BODY_BYTES, Envelope, encode
from schemas.events import Clocks, SeriesSummary, StudyArrived
from schemas.ids import case_id_of, event_id_of, study_uid
from schemas.priorities import Priority
from schemas.topics import STUDY_ARRIVED, Topic
from streams.core.readiness import ReadinessRule, Shape
from streams.gateway.index import Announcement, HeldInstance, HeldStudy

SOURCE = "codestroke/gateway"
# A modality's clock may be a little ahead of ours; more than this is a wrong clock or a wrong zone.
_CLOCK_SKEW = timedelta(minutes=5)
# Keeps the event far below the codec's limit; real studies have tens of series.
_MAX_SERIES = 200
_MAX_PROBLEMS = 20


TopicOf = Callable[[StudyArrived], Topic]
"""Chooses the topic of an arrival: what is urgent must not queue behind what is not."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """By which rule, and when, the study was judged complete."""

    rule: ReadinessRule
    at: datetime


class ArrivalMaker:
    """Knows the site; makes one announcement per complete study and revision."""

    def __init__(self, *, site: str, site_key: bytes, topic_of: TopicOf = lambda _: STUDY_ARRIVED) -> None:
        self._topic_of = topic_of
        self._site = site
        self._site_key = site_key

    def make(self, uid: str, held: HeldStudy, readiness: Readiness) -> Announcement:
        """Make the announcement that follows the study's last one; its event id names its content."""
        body = _fitted(self._body(uid, held, readiness))
        case = case_id_of(self._site_key, study_uid(uid))
        topic = self._topic_of(body)
        event_id = event_id_of(case, STUDY_ARRIVED.name, f"{body.revision}:{content_hash(held)}")
        envelope = Envelope(event_id, SOURCE, case, readiness.at, traceparent=_new_trace())
        return Announcement(event_id, uid, body.revision, encode(topic, uid, body, envelope), readiness.at)

    def _body(self, uid: str, held: HeldStudy, readiness: Readiness) -> StudyArrived:
        ordered = sorted(held.instances, key=lambda one: one.facts.sop_uid)
        facts = [one.facts for one in ordered]
        return StudyArrived(
            site=self._site,
            source=(ordered or held.problems)[0].source,
            study_uid=uid,
            patient_key=_most_common(one.patient_key for one in facts),
            modality=_most_common(one.modality for one in facts),
            body_part=_most_common(one.body_part for one in facts),
            description=_most_common(one.study_description for one in facts),
            priority=min((one.priority for one in facts), key=lambda word: word.rank, default=Priority.ROUTINE),
            series=_summaries(ordered),
            clocks=_clocks(held, readiness),
            readiness=readiness.rule,
            revision=held.revision + 1,
            problems=_problems(held),
            patient_sex=_most_common(one.patient_sex for one in facts),
            patient_age_years=next((one.patient_age_years for one in facts if one.patient_age_years is not None), None),
        )


def _fitted(body: StudyArrived) -> StudyArrived:
    """Leave out the smallest series until the event fits: headers are foreign text, and may be absurdly long."""
    fitted = body
    while len(fitted.series) > 1 and len(msgspec.json.encode(fitted)) > MAX_BODY_BYTES:
        kept = len(fitted.series) // 2
        problems = (*body.problems, f"series_left_out: more than {kept}")
        fitted = msgspec.structs.replace(fitted, series=fitted.series[:kept], problems=problems)
    return fitted


def content_hash(held: HeldStudy) -> str:
    """Name the content of a study: its instances with their pixels, and its problems."""
    lines = sorted(f"{one.facts.series_uid}/{one.facts.sop_uid}/{one.digest}" for one in held.instances)
    lines += sorted(one.reason for one in held.problems)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _summaries(ordered: Sequence[HeldInstance]) -> tuple[SeriesSummary, ...]:
    by_series: dict[str, list[HeldInstance]] = defaultdict(list)
    for one in ordered:
        by_series[one.facts.series_uid].append(one)
    largest_first = sorted(by_series.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(_summary(uid, held) for uid, held in largest_first[:_MAX_SERIES])


def _summary(uid: str, held: Sequence[HeldInstance]) -> SeriesSummary:
    facts = [one.facts for one in held]
    # A localizer that shares a series with its stack must not speak for it.
    speaker = next((one for one in facts if one.shape is Shape.STACK), facts[0])
    return SeriesSummary(
        series_uid=uid,
        modality=speaker.modality,
        instances=len(facts),
        description=speaker.series_description,
        body_part=_most_common(one.body_part for one in facts),
        image_type=speaker.image_type,
        contrast_agent=any(one.contrast_agent for one in facts),
        slice_thickness_mm=speaker.slice_thickness_mm,
        view_position=speaker.view_position,
        sop_class_uid=speaker.sop_class_uid,
        transfer_syntax_uid=speaker.transfer_syntax_uid,
    )


def _clocks(held: HeldStudy, readiness: Readiness) -> Clocks:
    arrivals = [one.arrived_at for one in held.instances] or [one.noticed_at for one in held.problems]
    last = max(arrivals)
    believable = (one.facts.acquired_at for one in held.instances)
    acquired = [at for at in believable if at is not None and at <= last + _CLOCK_SKEW]
    return Clocks(last_instance_at=last, ready_at=readiness.at, acquired_at=max(acquired, default=None))


def _problems(held: HeldStudy) -> tuple[str, ...]:
    reasons = sorted({one.reason for one in held.problems})
    if len({one.facts.patient_key for one in held.instances}) > 1:
        reasons.append("two_patients_in_one_study")
    expected = max((one.facts.expected_in_study or 0 for one in held.instances), default=0)
    if len(held.instances) < expected:
        reasons.append(f"instances_missing: {len(held.instances)} of {expected}")
    if len({one.facts.series_uid for one in held.instances}) > _MAX_SERIES:
        reasons.append(f"series_left_out: more than {_MAX_SERIES}")
    return tuple(reasons[:_MAX_PROBLEMS])


def _most_common(words: Iterable[str]) -> str:
    """The most frequent word that says something; of equals the first in the alphabet."""
    counts = Counter(word for word in words if word)
    return min(counts, key=lambda word: (-counts[word], word), default="")


def _new_trace() -> str:
    """A new W3C trace context, sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
