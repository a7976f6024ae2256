"""The Triton client, its gate and its contract checks."""
