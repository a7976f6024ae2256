"""Benchmarks against peers and limits; each prints one JSON document as its last line."""
