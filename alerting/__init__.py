"""From an incident to an acknowledged page."""
