"""Every error codestroke raises on purpose, in two families.

    CodestrokeError
    ├── TransientError            may succeed if tried again after ``retry_after_s``
    │   ├── PeerUnavailable       PACS, Triton, Kafka, PostgreSQL or the phone carrier did not answer
    │   └── BudgetExhausted       the deadline leaves no time for the next step
    └── PermanentError            trying again gives the same answer
        ├── MalformedEvent        a Kafka record that is not one of ours
        ├── UnsupportedSchema     a record of a major version that we do not read
        ├── BadDicom              an instance that cannot be read, or lies about its size
        ├── UnsuitableSeries      no series of the study fits the pathway, or its geometry is refused
        ├── ModelContractBroken   Triton answered with wrong names, shapes, values or version
        └── BadSettings           a setting is unknown, missing or out of range

Adapters translate third-party exceptions into these; nothing above an adapter catches anything wider,
except the agent supervisor. Messages name the peer and the setting, never a patient.
"""

from __future__ import annotations


class CodestrokeError(Exception):
    """Base of every deliberate error; ``reason`` is a short stable code for logs, metrics and the board."""

    reason = "error"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        if reason is not None:
            self.reason = reason


class TransientError(CodestrokeError):
    """May succeed later; ``retry_after_s`` is the peer's own wish where it gave one."""

    reason = "transient"

    def __init__(self, message: str, *, reason: str | None = None, retry_after_s: float = 1.0) -> None:
        super().__init__(message, reason=reason)
        self.retry_after_s = retry_after_s


class PeerUnavailable(TransientError):
    """A peer did not answer, refused the connection or answered 5xx/429."""

    reason = "peer_unavailable"


class BudgetExhausted(TransientError):
    """The remaining time of the case does not allow the next step."""

    reason = "deadline"


class PermanentError(CodestrokeError):
    """The same input gives the same failure; dead-letter it and say so."""

    reason = "permanent"


class MalformedEvent(PermanentError):
    """A record that is not valid JSON of the expected shape."""

    reason = "malformed_event"


class UnsupportedSchema(PermanentError):
    """A record of a schema major version that this process does not read."""

    reason = "unsupported_schema"


class BadDicom(PermanentError):
    """An instance that is cut, empty, undecodable or lies about its size."""

    reason = "bad_dicom"


class UnsuitableSeries(PermanentError):
    """No series fits, or the chosen one has a geometry that must not be guessed over."""

    reason = "unsuitable_series"


class ModelContractBroken(PermanentError):
    """Triton's answer breaks the model contract: treat as no result, never as negative."""

    reason = "model_contract"


class BadSettings(PermanentError):
    """A setting is unknown, missing or out of range; the message names it."""

    reason = "bad_settings"
