"""The known answer: a made-up input that every start sends, and what must come back.

It finds what metadata cannot: a server that answers with the right shapes and the wrong numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from schemas.errors import ModelContractBroken
from triton_models.contracts.check import check_outputs
from triton_models.contracts.model import ModelContract, TensorSpec
from triton_models.prepared import Tensor

# Constants of a 32-bit linear congruential step (Numerical Recipes, 3rd ed., section 7.1): the same input on every
# machine and numpy version, which numpy's own generators do not promise.
_MULTIPLIER = 1664525
_INCREMENT = 1013904223
_VARYING_SIZE = 16


def known_answer_inputs(contract: ModelContract) -> dict[str, Tensor]:
    """Make the inputs of the known answer from its seed."""
    return {spec.name: _fill(spec, contract.known_answer.seed) for spec in contract.inputs}


def check_known_answer(contract: ModelContract, outputs: Mapping[str, Tensor]) -> None:
    """Check the answer to ``known_answer_inputs``.

    Raises:
        ModelContractBroken: the outputs break the contract, or a sampled value is off by more than the tolerance.
    """
    check_outputs(contract, outputs)
    for sample in contract.known_answer.samples:
        got = float(outputs[sample.output].reshape(-1)[sample.index])
        if abs(got - sample.value) > contract.known_answer.tolerance:
            raise ModelContractBroken(
                f"model {contract.name} version {contract.version}: known answer: {sample.output}[{sample.index}]"
                f" is {got:.5g}, expected {sample.value:.5g}",
                reason="known_answer",
            )


def _fill(spec: TensorSpec, seed: int) -> Tensor:
    """Fill a tensor with blocks of pseudo-random levels: coarse enough to wake every layer of a network."""
    shape = tuple(size if size is not None else _VARYING_SIZE for size in spec.shape)
    index = sum(
        (np.arange(size, dtype=np.uint64) // 8).reshape([-1 if axis == i else 1 for i in range(len(shape))])
        * np.uint64(31**axis)
        for axis, size in enumerate(shape)
    )
    mixed = np.asarray(index, dtype=np.uint64) + np.uint64(seed)
    for _ in range(3):
        mixed = (mixed * np.uint64(_MULTIPLIER) + np.uint64(_INCREMENT)) % np.uint64(2**32)
    level = (mixed >> np.uint64(24)).astype(np.float64) / 255.0
    values = spec.low + level * (spec.high - spec.low)
    return np.broadcast_to(values, shape).astype(spec.datatype.dtype)
