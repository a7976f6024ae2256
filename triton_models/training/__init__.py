"""Training, evaluation and export of the networks. Needs the extra `train`; nothing that serves imports it."""
