"""Key images: what a finding looks like, drawn from the volume, the model's outputs and the finding. No I/O."""
