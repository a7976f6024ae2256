"""Alembic migrations; every one goes up and down."""
