"""Prometheus metrics of the agents."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120)

OUTCOMES = Counter("codestroke_outcomes_total", "Outcomes given", ["pathway", "kind", "finding"])
FAILURES = Counter("codestroke_analysis_failures_total", "Analyses that failed", ["pathway", "reason"])
STAGE_SECONDS = Histogram("codestroke_stage_seconds", "Seconds by stage", ["pathway", "stage"], buckets=_SECONDS)
ARRIVAL_TO_DECISION = Histogram(
    "codestroke_arrival_to_decision_seconds", "From the last slice to the decision", ["pathway"], buckets=_SECONDS
)
ROUTED = Counter("codestroke_cases_routed_total", "Studies routed", ["pathway", "lane"])
EXPLAIN_SECONDS = Histogram(
    "codestroke_explain_seconds", "Drawing and keeping a key image", ["pathway"], buckets=_SECONDS
)
UNEXPLAINED = Counter("codestroke_unexplained_total", "Findings without a key image", ["pathway", "reason"])
LATE = Counter("codestroke_late_outcomes_total", "Outcomes after their deadline", ["pathway"])
