"""Scenarios tests."""
