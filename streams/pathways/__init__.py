"""One folder a pathway: eligibility, model contract, reading of outputs, alert policy."""

from streams.pathways.base import Alert, Explain, Pathway, Patient
from streams.pathways.registry import all_pathways, find_pathway

__all__ = ["Alert", "Explain", "Pathway", "Patient", "all_pathways", "find_pathway"]
