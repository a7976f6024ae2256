"""Prometheus metrics of the gateway; labels are closed sets, never a UID or an AE title."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

INSTANCES = Counter("codestroke_gateway_instances", "Instances taken in.", ["source"])
BYTES = Counter("codestroke_gateway_bytes", "Bytes made durable in the spool.")
REFUSED = Counter("codestroke_gateway_refused", "Associations and instances refused.", ["reason"])
ANNOUNCED = Counter(
    "codestroke_gateway_studies_announced", "Studies announced, by readiness rule.", ["rule", "amended"]
)
UNSENT = Gauge("codestroke_gateway_unsent_announcements", "Announcements that Kafka has not acknowledged.")
OPEN_STUDIES = Gauge("codestroke_gateway_open_studies", "Studies that are still arriving.")
PEER_UP = Gauge("codestroke_gateway_peer_up", "1 while a watched PACS or Kafka answers.", ["peer"])
READY_SECONDS = Histogram(
    "codestroke_gateway_ready_seconds",
    "From the last instance to the judgement that the study is complete.",
    ["rule"],
    buckets=(0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 12, 20, 60),
)
SENT_SECONDS = Histogram(
    "codestroke_gateway_announce_seconds",
    "From that judgement to Kafka's acknowledgement.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
