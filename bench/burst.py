"""A burst of routine films that are all there at once: files in the spool, and their events on Kafka within a second.

The gateway is passed by, because it would let the films in no faster than they are read, and nothing would queue.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.studies import Copy
from schemas import topics
from schemas.codec import Record
from schemas.events import Clocks, SeriesSummary, StudyArrived
from schemas.priorities import Priority
from streams.kafka.emit import make_record
from streams.kafka.producer import AckedProducer
from streams.kafka.settings import KafkaSettings


def arrive(films: Iterator[Copy], count: int, *, spool: Path, kafka: KafkaSettings) -> None:
    """Put ``count`` films into the spool, then announce them all."""
    placed = [_place(next(films), spool) for _ in range(count)]
    producer = AckedProducer(kafka, client_id="bench-burst")
    try:
        for study_uid, series_uid in placed:
            producer.send(_announcement(study_uid, series_uid))
    finally:
        producer.close()


def _place(copy: Copy, spool: Path) -> tuple[str, str]:
    (film,) = copy.datasets
    folder = spool / copy.study_uid / str(film.SeriesInstanceUID)
    folder.mkdir(parents=True)
    film.save_as(folder / f"{film.SOPInstanceUID}.dcm", enforce_file_format=True)
    return copy.study_uid, str(film.SeriesInstanceUID)


def _announcement(study_uid: str, series_uid: str) -> Record:
    now = datetime.now(UTC)
    series = SeriesSummary(
        series_uid=series_uid, modality="DX", instances=1, body_part="CHEST", description="CHEST PA", view_position="PA"
    )
    body = StudyArrived(
        site="DEMO",
        source="spool",
        study_uid=study_uid,
        patient_key="p" + "0" * 32,
        modality="DX",
        body_part="CHEST",
        description="CHEST PA",
        priority=Priority.ROUTINE,
        series=(series,),
        clocks=Clocks(last_instance_at=now, ready_at=now),
        readiness="expected_count",
    )
    return make_record(topics.STUDY_ARRIVED, study_uid, body, case_id=study_uid, content="1", source="bench", now=now)
