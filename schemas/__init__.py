"""The common language of all processes: ids, events, findings, topics, errors and the wire codec."""
