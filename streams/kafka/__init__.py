"""Kafka adapters: producers, raw Faust topics, dead letters, topic administration."""
