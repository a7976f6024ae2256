"""The command line and composition root."""
