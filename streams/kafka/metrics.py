"""Prometheus metrics of the Kafka side of a worker."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

HANDLED = Counter("codestroke_records_handled_total", "Records handled", ["role", "topic"])
RETRIES = Counter("codestroke_record_retries_total", "Tries repeated because a peer was away", ["role", "reason"])
DEAD_LETTERS = Counter("codestroke_dead_letters_total", "Records dead-lettered", ["role", "reason"])
HEARTBEAT_AGE = Gauge("codestroke_heartbeat_age_seconds", "Age of the last own heartbeat consumed", ["role"])
