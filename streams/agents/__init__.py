"""Faust agents, one role a file."""
