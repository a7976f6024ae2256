"""Tests of the Kafka adapters."""
