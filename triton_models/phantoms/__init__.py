"""Synthetic patients with exactly known truth: numpy and OpenCV only, seeded, for the simulator, training and tests.

They are drawings of anatomy, not patients; every card and report that rests on them says so.
"""
