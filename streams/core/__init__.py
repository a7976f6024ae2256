"""Pure decisions of the stream: readiness, routing, budget, ranking. No I/O, no clock."""
