"""``codestroke dlq``: what could not be processed, why, and how to try it again."""

from __future__ import annotations

import cyclopts
from rich.console import Console
from rich.table import Table

from codestroke.settings import load_settings
from schemas.topics import Topic, all_topics
from streams.kafka import letters
from streams.kafka.producer import AckedProducer
from streams.pathways import all_pathways

app = cyclopts.App(name="dlq", help="Dead letters: list and replay.")


@app.command(name="list")
def list_letters() -> None:
    """List all dead letters with origin and reason."""
    table = Table("letter", "from", "reason", "detail", "role", "at")
    found = letters.read(load_settings().kafka, _topics())
    for letter in found:
        origin = f"{letter.origin.topic}[{letter.origin.partition}]@{letter.origin.offset}"
        name = f"{letter.topic}[{letter.partition}]@{letter.offset}"
        table.add_row(name, origin, letter.reason, letter.detail, letter.role, letter.at)
    Console().print(table if found else "no dead letters")


@app.command
def replay(*, everything: bool = False, dry_run: bool = False) -> None:
    """Send dead letters to the topic they came from.

    Args:
        everything: also those that were replayed before.
        dry_run: only say what would be sent.
    """
    settings = load_settings().kafka
    found = letters.read(settings, _topics(), unreplayed_only=not everything)
    producer = AckedProducer(settings, client_id="codestroke-dlq")
    try:
        for letter in found:
            if not letter.replayable:
                Console().print(f"left {letter.topic}@{letter.offset}: {_why_left(letter)}")
                continue
            Console().print(
                f"{'would send' if dry_run else 'sent'} {letter.topic}@{letter.offset} to {letter.origin.topic}"
            )
            if not dry_run:
                producer.send(letter.record)
                letters.mark_replayed(settings, letter)
    finally:
        producer.close()
    Console().print(f"{len(found)} dead letters")


def _why_left(letter: letters.Letter) -> str:
    if letter.cut:
        return f"its {letter.cut} was too large to be kept whole; the record may still lie at its origin"
    return "it does not come from the topic of these dead letters"


def _topics() -> tuple[Topic, ...]:
    return all_topics([pathway.name for pathway in all_pathways()])
