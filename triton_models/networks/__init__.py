"""Network architectures, built from MONAI blocks. Needs the extra `train`; nothing that serves imports it."""
