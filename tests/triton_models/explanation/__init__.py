"""Tests of the key images."""
