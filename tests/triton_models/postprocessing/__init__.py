"""Tests of the postprocessing."""
