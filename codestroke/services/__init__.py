"""Real Kafka, PostgreSQL and Triton from packages: no root, no container, no system Java."""
