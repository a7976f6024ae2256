"""Tests of the record of who was told what."""
