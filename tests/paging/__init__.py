"""Histories of paging: seeded worlds with a movable clock, judged by rules that are written down a second time."""
