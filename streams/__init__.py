"""Stream processing: a study becomes an outcome, and the worklist is re-ranked."""
