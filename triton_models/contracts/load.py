"""Reads a model contract from its committed file and refuses one that must not serve.

Called once per process by whoever wires a pathway to the server.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import msgspec

from schemas.errors import BadSettings
from schemas.findings import ModelRef
from triton_models.contracts.model import ModelContract

_NAME = re.compile(r"^[a-z0-9_]+$")
_SHA256 = re.compile(r"^[0-9a-f]{64}$")


def load_contract(name: str) -> ModelContract:
    """Load the contract of model ``name``, for example ``lvo_cta_head``.

    Raises:
        BadSettings: there is no such contract, it has no operating point of its own, or it is not well formed.
    """
    source = resources.files("triton_models.contracts") / f"{name}.json"
    if _NAME.match(name) is None or not source.is_file():
        raise BadSettings(f"model {name!r} has no contract file", reason="no_contract")
    return parse_contract(source.read_bytes(), name)


def parse_contract(raw: bytes, name: str) -> ModelContract:
    """Parse a contract and check what the types cannot say.

    Raises:
        BadSettings: as ``load_contract``.
    """
    try:
        contract = msgspec.json.decode(raw, type=ModelContract)
    except msgspec.MsgspecError as error:
        raise BadSettings(f"contract of model {name!r}: {error}", reason="bad_contract") from error
    if contract.name != name:
        raise BadSettings(f"contract of model {name!r} calls itself {contract.name!r}", reason="bad_contract")
    if _SHA256.match(contract.sha256) is None:
        raise BadSettings(f"contract of model {name!r} names no weights by SHA-256", reason="bad_contract")
    _check_operating_point(contract)
    return contract


def installed_model(contract: ModelContract) -> Path:
    """Where the server finds the model file of a contract."""
    packaged = Path(str(resources.files("triton_models"))) / "repository"
    return packaged / contract.name / contract.version / "model.onnx"


def model_ref(contract: ModelContract) -> ModelRef:
    """Name the model version and operating point as findings carry them."""
    return ModelRef(
        name=contract.name,
        version=contract.version,
        operating_point=contract.operating_point.name,
        sha256=contract.sha256,
    )


def _check_operating_point(contract: ModelContract) -> None:
    point = contract.operating_point
    ordered = 0.0 < point.not_detected_below <= point.detected_at <= 1.0
    if not (point.name.strip() and point.target.strip() and ordered):
        raise BadSettings(
            f"model {contract.name!r} version {contract.version} has no operating point of its own",
            reason="no_operating_point",
        )
