"""Writes a trained network as ONNX, proves that it answers alike, and writes its contract and server settings."""

from __future__ import annotations

import warnings
from pathlib import Path

import msgspec
import numpy as np
import onnx
import torch
from torch import nn

from triton_models.contracts import (
    KnownAnswer,
    ModelContract,
    OperatingPoint,
    Sample,
    check_outputs,
    known_answer_inputs,
)
from triton_models.training.session import OnnxModel

_OPSET = 18
_PARITY = 1e-3
_SAMPLES = 6
_TOLERANCE = 5e-3


def export_onnx(network: nn.Module, contract: ModelContract, outputs: tuple[str, ...], path: Path) -> float:
    """Write ``path`` and compare with PyTorch on the known-answer input.

    Returns:
        The largest difference of any output value.

    Raises:
        ValueError: the difference is larger than 0.001.
    """
    inputs = known_answer_inputs(contract)
    tensors = tuple(torch.from_numpy(np.ascontiguousarray(inputs[spec.name])) for spec in contract.inputs)
    names = [spec.name for spec in contract.inputs]
    network.eval()
    with warnings.catch_warnings():
        # The exporter warns of its own internals; what it wrote is proven by the comparison below.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, tensors, str(path), input_names=names, output_names=list(outputs), opset_version=_OPSET,
            dynamo=True, external_data=False, verbose=False,
        )  # fmt: skip
    strip_origin(path)
    worst = _parity(network, tensors, outputs, OnnxModel(path)(inputs))
    if worst > _PARITY:
        raise ValueError(f"ONNX and PyTorch differ by {worst:.2g}")
    return worst


def strip_origin(path: Path) -> None:
    """Take the exporter's notes out of a model file: stack traces with the paths of the machine that trained it."""
    model = onnx.load(path)
    graphs = [model.graph, *model.functions]
    for item in (model, *graphs, *(node for graph in graphs for node in graph.node), *_values(model.graph)):
        del item.metadata_props[:]
        item.doc_string = ""
    onnx.save(model, path)


def _values(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    return [*graph.input, *graph.output, *graph.value_info, *graph.initializer]


def _parity(
    network: nn.Module, tensors: tuple[torch.Tensor, ...], names: tuple[str, ...], got: dict[str, np.ndarray]
) -> float:
    with torch.no_grad():
        answer = network(*tensors)
    wanted = answer if isinstance(answer, tuple) else (answer,)
    return max(float(np.abs(w.numpy() - got[n]).max()) for n, w in zip(names, wanted, strict=True))


def finished_contract(
    draft: ModelContract, *, point: OperatingPoint, sha256: str, version: str, model: OnnxModel
) -> ModelContract:
    """Complete a contract: thresholds, checksum, and what the model answers to the known question."""
    bare = msgspec.structs.replace(draft, operating_point=point, sha256=sha256, version=version)
    answer = model(known_answer_inputs(bare))
    check_outputs(bare, answer)
    samples = tuple(s for spec in bare.outputs for s in _sampled(spec.name, answer[spec.name]))
    known = KnownAnswer(seed=bare.known_answer.seed, tolerance=_TOLERANCE, samples=samples)
    return msgspec.structs.replace(bare, known_answer=known)


def server_config(contract: ModelContract) -> str:
    """Write Triton's ``config.pbtxt``: fixed batch of one, tensors as the contract says."""
    lines = [f'name: "{contract.name}"', 'backend: "onnxruntime"', "max_batch_size: 0"]
    for kind, specs in (("input", contract.inputs), ("output", contract.outputs)):
        for spec in specs:
            dims = ", ".join(str(-1 if size is None else size) for size in spec.shape)
            lines.append(f'{kind} [ {{ name: "{spec.name}" data_type: TYPE_{spec.datatype.value} dims: [ {dims} ] }} ]')
    # Where the server knows this parameter, it serves OpenVINO if that agrees with ONNX Runtime; others pass it over.
    lines.append('parameters { key: "engine" value: { string_value: "openvino" } }')
    lines.append("instance_group [ { count: 1 kind: KIND_AUTO } ]")
    lines.append(f"version_policy {{ specific {{ versions: [ {contract.version} ] }} }}")
    return "\n".join(lines) + "\n"


def _sampled(name: str, array: np.ndarray) -> tuple[Sample, ...]:
    """Keep the smallest, the largest and a few values between: equal values everywhere would prove nothing."""
    flat = array.reshape(-1)
    order = np.argsort(flat, kind="stable")
    places = sorted({int(order[round(k * (len(flat) - 1) / (_SAMPLES - 1))]) for k in range(_SAMPLES)})
    return tuple(Sample(output=name, index=i, value=round(float(flat[i]), 6)) for i in places)
