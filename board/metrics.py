"""What the board counts for Prometheus; labels are closed sets and never name a case."""

from __future__ import annotations

from collections import Counter as Tally
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from board.model import BoardView
from board.words import Tone
from streams.core.states import CaseState


class BoardMetrics:
    """The board's own metrics in the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.read_seconds = Histogram(
            "codestroke_board_read_seconds", "Time to read and fold the board", registry=registry
        )
        self.failed_reads = Counter(
            "codestroke_board_failed_reads", "Reads of the store that failed", registry=registry
        )
        self.screens = Gauge("codestroke_board_screens", "Screens that are connected", registry=registry)
        self.webhooks = Counter(
            "codestroke_board_webhooks", "Carrier webhooks by kind and result", ["kind", "result"], registry=registry
        )
        self.forms = Counter(
            "codestroke_board_forms", "Forms of the board by kind and result", ["form", "result"], registry=registry
        )
        self.read_at = Gauge(
            "codestroke_board_read_timestamp_seconds", "When the store was last read well", registry=registry
        )
        self._states = Gauge("codestroke_board_cases", "Open cases by state", ["state"], registry=registry)
        self._tones = Gauge("codestroke_board_rows", "Open cases by how grave they look", ["tone"], registry=registry)

    def saw(self, view: BoardView, read_at: datetime) -> None:
        """Set the gauges from a picture; a state without cases is reported as 0."""
        states = Tally(case.state for case in view.cases)
        tones = Tally(case.tone for case in view.cases)
        for state in CaseState:
            self._states.labels(state=state.value).set(states[state.value])
        for tone in Tone:
            self._tones.labels(tone=tone.value).set(tones[tone])
        self.read_at.set(read_at.timestamp())
