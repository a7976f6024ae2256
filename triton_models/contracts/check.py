"""Compares what a server says and answers with the contract; anything else is no result, never a negative one.

Called at start (metadata) and after every execution (outputs). Pure: no network here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from schemas.errors import ModelContractBroken
from triton_models.contracts.model import ModelContract, TensorSpec
from triton_models.prepared import Tensor


def check_outputs(contract: ModelContract, outputs: Mapping[str, Tensor]) -> None:
    """Check names, types, shapes, finiteness and ranges of one answer.

    Raises:
        ModelContractBroken: the first breach found; the message names the model and the output.
    """
    _check_names(contract, "outputs", outputs, [spec.name for spec in contract.outputs])
    for spec in contract.outputs:
        _check_tensor(contract, spec, outputs[spec.name])


def check_inputs(contract: ModelContract, inputs: Mapping[str, Tensor]) -> None:
    """Check what we are about to send by the same rules, so that our own mistake is named as ours.

    Raises:
        ModelContractBroken: the first breach found.
    """
    _check_names(contract, "inputs", inputs, [spec.name for spec in contract.inputs])
    for spec in contract.inputs:
        _check_tensor(contract, spec, inputs[spec.name])


def check_metadata(contract: ModelContract, metadata: Mapping[str, Any]) -> None:
    """Compare with the server's model metadata (KServe v2 JSON as a dict; -1 stands for a varying size).

    Raises:
        ModelContractBroken: another name, the version is not served, or a tensor differs.
    """
    if metadata.get("name") != contract.name:
        raise _broken(contract, f"the server calls it {metadata.get('name')!r}")
    versions = [str(version) for version in metadata.get("versions") or ()]
    if contract.version not in versions:
        raise _broken(contract, f"version {contract.version} is not served, only {versions}")
    _check_listed(contract, "inputs", contract.inputs, metadata.get("inputs") or ())
    _check_listed(contract, "outputs", contract.outputs, metadata.get("outputs") or ())


def _check_listed(
    contract: ModelContract, kind: str, specs: Sequence[TensorSpec], listed: Iterable[Mapping[str, Any]]
) -> None:
    by_name = {str(entry.get("name")): entry for entry in listed}
    _check_names(contract, kind, by_name, [spec.name for spec in specs])
    for spec in specs:
        entry = by_name[spec.name]
        shape = tuple(None if int(size) < 0 else int(size) for size in entry.get("shape") or ())
        if entry.get("datatype") != spec.datatype.value or shape != spec.shape:
            raise _broken(contract, f"{spec.name} is served as {entry.get('datatype')} {list(shape)}")


def _check_names(contract: ModelContract, kind: str, given: Mapping[str, object], wanted: Sequence[str]) -> None:
    missing, extra = sorted(set(wanted) - set(given)), sorted(set(given) - set(wanted))
    if missing or extra:
        raise _broken(contract, f"{kind}: missing {missing}, unexpected {extra}")


def _check_tensor(contract: ModelContract, spec: TensorSpec, array: Tensor) -> None:
    if array.dtype != spec.datatype.dtype:
        raise _broken(contract, f"{spec.name} is {array.dtype}, not {spec.datatype.dtype}")
    same_rank = array.ndim == len(spec.shape)
    if not same_rank or any(
        want is not None and got != want for got, want in zip(array.shape, spec.shape, strict=True)
    ):
        raise _broken(contract, f"{spec.name} has shape {array.shape}, not {spec.shape}")
    if array.size == 0:
        raise _broken(contract, f"{spec.name} is empty")
    _check_values(contract, spec, array)


def _check_values(contract: ModelContract, spec: TensorSpec, array: Tensor) -> None:
    values: Any = array
    low, high = float(np.min(values)), float(np.max(values))
    # NaN travels through min and max, so two numbers are enough to find NaN, infinities and outliers.
    if not (np.isfinite(low) and np.isfinite(high)):
        raise _broken(contract, f"{spec.name} holds NaN or infinity")
    if low < spec.low or high > spec.high:
        raise _broken(contract, f"{spec.name} spans {low:.4g} to {high:.4g}, outside {spec.low:g} to {spec.high:g}")


def _broken(contract: ModelContract, what: str) -> ModelContractBroken:
    return ModelContractBroken(f"model {contract.name} version {contract.version}: {what}")
