"""One folder a pathway: eligibility, model contract, reading of outputs, alert policy."""
