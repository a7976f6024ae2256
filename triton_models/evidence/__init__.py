"""The evidence kit: what was said of each case against what is true, the figures of it, and the report."""
