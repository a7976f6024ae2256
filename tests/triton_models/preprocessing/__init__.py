"""Tests of the preprocessing."""
