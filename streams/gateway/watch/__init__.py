"""Watchers of a PACS: they see what is new there and tell the readiness tracker. One adapter a file."""
