"""What a model says of a case, and how a case ended on a pathway."""

from __future__ import annotations

import enum

import msgspec


class FindingState(enum.StrEnum):
    """The three answers a model may give; ``UNKNOWN`` is a newer peer's word that we do not know."""

    DETECTED = "detected"
    NOT_DETECTED = "not_detected"
    INDETERMINATE = "indeterminate"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> FindingState:
        return cls.UNKNOWN


class OutcomeKind(enum.StrEnum):
    """How a case ended on a pathway: exactly one of these before its deadline."""

    SCORED = "scored"
    NOT_APPLICABLE = "not_applicable"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> OutcomeKind:
        return cls.UNKNOWN


class Urgency(enum.StrEnum):
    """How soon a person must act on a finding; the alert policy of a pathway gives it."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    ROUTINE = "routine"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> Urgency:
        return cls.UNKNOWN


class Side(enum.StrEnum):
    """The patient's own left and right (LPS), never the picture's."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"
    NONE = ""

    @classmethod
    def _missing_(cls, value: object) -> Side:
        return cls.NONE


class ModelRef(msgspec.Struct, frozen=True, kw_only=True):
    """Which model version and operating point spoke; every finding names it."""

    name: str
    version: str
    operating_point: str
    sha256: str = ""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """A number with its unit and, where known, its 95 % interval (same unit)."""

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    method: str = ""


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """Where in the patient: side, named segment and a point in LPS millimetres (x to left, y to posterior, z up)."""

    side: Side = Side.NONE
    segment: str = ""
    point_lps_mm: tuple[float, float, float] | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A model's answer: state, calibrated score in 0..1, the words for it, and what it was measured on.

    ``code`` is the finding's stable name (``lvo``, ``aaa``, ``pneumonia``); ``reason`` says in words why the
    state is ``indeterminate`` or what carried the decision.
    """

    code: str
    state: FindingState
    score: float | None = None
    urgency: Urgency = Urgency.ROUTINE
    reason: str = ""
    location: Location = Location()
    measurements: tuple[Measurement, ...] = ()
    model: ModelRef | None = None

    def measurement(self, name: str) -> Measurement | None:
        """Return the measurement called ``name``, or None."""
        return next((m for m in self.measurements if m.name == name), None)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a case ended on a pathway; ``reason`` is a sentence fragment fit for the board, without patient data."""

    kind: OutcomeKind
    reason: str = ""
    finding: Finding | None = None

    @classmethod
    def failed(cls, reason: str) -> Outcome:
        """The analysis did not happen; shown as "not analysed: reason", never as negative."""
        return cls(kind=OutcomeKind.FAILED, reason=reason)

    @classmethod
    def not_applicable(cls, reason: str) -> Outcome:
        """The pathway has nothing to say about this study."""
        return cls(kind=OutcomeKind.NOT_APPLICABLE, reason=reason)

    @classmethod
    def scored(cls, finding: Finding) -> Outcome:
        """The model answered."""
        return cls(kind=OutcomeKind.SCORED, reason=finding.reason, finding=finding)
