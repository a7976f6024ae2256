"""What ``codestroke models`` does with networks: train, judge held-out data, export, validate; needs ``train``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from schemas.errors import BadSettings

Json = Annotated[bool, Parameter(name="--json", negative=())]


def train(pathway: str, *, out: Path | None = None, seed: int = 1, smoke: bool = False, as_json: Json = False) -> None:
    """Train a network from scratch, export it to ONNX, choose its operating point and judge it on held-out data.

    A run that was stopped goes on where it was when the command is given again.

    Args:
        pathway: stroke, aorta or chest.
        out: folder for weights, ONNX, contract and record; ``.codestroke/models/<pathway>`` where absent.
        seed: of weights, cases and their order.
        smoke: a tiny run of a minute or so, to see that everything works.
        as_json: print the training record as one JSON document.
    """
    runs = _runs()
    folder = out or Path(".codestroke") / "models" / pathway
    record = runs.train(pathway, folder, seed=seed, smoke=smoke, data=_data())
    _show(msgspec.to_builtins(record), as_json=as_json, said=f"trained into {folder}")


def held_out_figures(
    pathway: str, *, seed: int = 1, smoke: bool = False, report: Path | None = None, prevalence: float | None = None
) -> dict[str, object]:
    """Judge the installed model on data that it was not trained on, and write the report where one is wanted."""
    figures: dict[str, object] = _runs().evaluate(
        pathway, seed=seed, smoke=smoke, data=_data(), report=report, prevalence=prevalence
    )
    return figures


def export(pathway: str, *, out: Path | None = None) -> None:
    """Install the model of a finished training run into the package.

    Args:
        pathway: stroke, aorta or chest.
        out: folder of the run.
    """
    for path in _runs().export(pathway, out or Path(".codestroke") / "models" / pathway):
        Console().print(f"wrote {path}")


def validate(pathway: str, *, as_json: Json = False) -> None:
    """Check the installed model: checksum, server settings, known answer, and the time of one execution.

    Args:
        pathway: stroke, aorta or chest.
        as_json: print one JSON document.
    """
    _show(_runs().validate(pathway), as_json=as_json, said=f"{pathway}: valid")


def _runs() -> ModuleType:
    try:
        from triton_models.training import runs  # noqa: PLC0415 - torch is loaded only by these commands
    except ModuleNotFoundError as error:
        raise BadSettings(f"{error.name} is not installed: install codestroke with the extra `train`") from error
    return runs


def _data() -> Path | None:
    named = os.environ.get("CODESTROKE_DATA")
    return Path(named) if named else None


def _show(figures: object, *, as_json: bool, said: str) -> None:
    console = Console(soft_wrap=True)
    if not as_json:
        console.print(said)
        console.print_json(json.dumps(figures, default=str))
        return
    print(json.dumps(figures, default=str))  # noqa: T201 - the last line is for programs
