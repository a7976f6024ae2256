"""Model contracts: tensors, operating point, checksum and known answer of each served model."""

from triton_models.contracts.check import check_inputs, check_metadata, check_outputs
from triton_models.contracts.known_answer import check_known_answer, known_answer_inputs
from triton_models.contracts.load import installed_model, load_contract, model_ref, parse_contract
from triton_models.contracts.model import Datatype, KnownAnswer, ModelContract, OperatingPoint, Sample, TensorSpec

__all__ = [
    "Datatype",
    "KnownAnswer",
    "ModelContract",
    "OperatingPoint",
    "Sample",
    "TensorSpec",
    "check_inputs",
    "check_known_answer",
    "check_metadata",
    "check_outputs",
    "installed_model",
    "known_answer_inputs",
    "load_contract",
    "model_ref",
    "parse_contract",
]
