"""Tests of the evidence kit."""
