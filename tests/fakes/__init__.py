"""Real implementations of ports for tests."""
