"""From a model's outputs to a finding, by the operating point of that model version."""
