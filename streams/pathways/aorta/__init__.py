"""Abdominal aortic aneurysm on abdominal CT."""
