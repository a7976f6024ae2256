"""Tests of the command line and composition root."""
