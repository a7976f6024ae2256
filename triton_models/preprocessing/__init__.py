"""From a volume or film on the pathway's grid to the model's inputs, or to the reason for not asking the model."""
