"""What the pager counts for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300)


class PagerMetrics:
    """Made once a process, in its registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.pages = Gauge("codestroke_pages", "Pages in the outbox by state.", ["state"], registry=registry)
        self.events = Counter(
            "codestroke_page_events", "Changes of pages by event and effect.", ["event", "effect"], registry=registry
        )
        self.accept_seconds = Histogram(
            "codestroke_page_accept_seconds",
            "Seconds from a page's creation to its acceptance by the provider, by channel and step.",
            ["channel", "step"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.attempts = Counter(
            "codestroke_page_attempts",
            "Attempts to send by channel and outcome.",
            ["channel", "outcome", "reason"],
            registry=registry,
        )
        self.lookups = Counter(
            "codestroke_page_lookups", "Look-ups by channel and result.", ["channel", "result"], registry=registry
        )
        self.possible_duplicates = Counter(
            "codestroke_page_possible_duplicates", "Pages that may have reached a phone twice.", registry=registry
        )
        self.stale_writes = Counter(
            "codestroke_page_stale_writes", "Writes refused because a later claim owns the page.", registry=registry
        )
        self.replies = Counter("codestroke_page_replies", "Answers by result.", ["result"], registry=registry)
        self.incident_events = Counter(
            "codestroke_incident_events", "Changes of incidents by event and effect.", ["event", "effect"],
            registry=registry,
        )  # fmt: skip
        self.incidents_ended = Counter(
            "codestroke_incidents_ended", "Incidents that ended, by how.", ["state"], registry=registry
        )
        self.step_late_seconds = Histogram(
            "codestroke_step_late_seconds",
            "Seconds by which an escalation step was taken late, by step.",
            ["step"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.overdue = Counter("codestroke_overdue_cases", "Cases failed at their deadline.", registry=registry)
        self.predicted_late = Counter(
            "codestroke_predicted_late_cases", "Cases shown as probably late, by why.", ["why"], registry=registry
        )
        self.settle_seconds = Gauge(
            "codestroke_page_settle_seconds",
            "Seconds waited before a page in doubt is looked for, as learnt.",
            ["channel"],
            registry=registry,
        )
        self.list_lag_seconds = Histogram(
            "codestroke_provider_list_lag_seconds",
            "Seconds until the provider's list showed an accepted message.",
            ["channel"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.heartbeat_age = Gauge(
            "codestroke_page_heartbeat_age_seconds",
            "Seconds since the heartbeat page that last arrived was made; infinite where none ever did.",
            registry=registry,
        )
        self.desk_notices = Gauge("codestroke_desk_notices", "Standing notices of the ED desk.", registry=registry)
        self.events_dropped = Counter(
            "codestroke_page_events_dropped", "Page events that could not be published.", registry=registry
        )
        self.duty_failures = Counter(
            "codestroke_pager_duty_failures", "Rounds of a duty that failed.", ["duty"], registry=registry
        )
