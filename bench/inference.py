"""The served engine against ONNX Runtime in 32-bit floats on the same files, and whole cases, in one run.

``python -m bench.inference --json`` starts Triton, asks each model through the pipeline's client and, alternately, the
same file in this process on as many threads, and prints one JSON document as its last line. ``ratio`` is the time of
ONNX Runtime over that of the served engine, transport included; ``agreement`` is the largest difference of an output
as a share of its largest value. ``tensor_to_finding_s`` runs from the volume on the pathway's grid to the finding,
``whole_case_s`` from files on disk to the key image.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.report import show
from codestroke.evaluation.engine import InProcessModel
from codestroke.services.commands import CACHE
from codestroke.services.stack import Part, Stack, StackConfig
from schemas.findings import Side
from simulator.render import Order
from simulator.shift import write
from simulator.specs import AbdomenCt, ChestFilm, HeadCt, Spec
from streams.agents.images import Images
from streams.dicom.pool import DecodePool
from streams.inference.client import ServedModel
from streams.inference.settings import TritonSettings
from streams.pathways import Pathway, Patient, all_pathways
from triton_models.contracts import known_answer_inputs, load_contract
from triton_models.phantoms.occlusion import Segment
from triton_models.prepared import Tensor

THREADS: Final = 2
LIMIT_S: Final = 5.0
_PATIENT: Final = Patient()
_CASES: Final[Mapping[str, Spec]] = {
    "stroke": HeadCt(occlusion=Segment.ICA_T, side=Side.LEFT),
    "aorta": AbdomenCt(diameter_mm=62.0),
    "chest": ChestFilm(consolidation=Side.RIGHT),
}


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON document")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="codestroke-bench-") as folder:
        home = Path(folder)
        with Stack(StackConfig(home=home / "parts", cache=CACHE)) as stack:
            endpoints = stack.up((Part.TRITON,))
            report = asyncio.run(_report(home, endpoints.triton_grpc, options.rounds))
            report["engines"] = _engines(endpoints.triton_metrics)
    show(report, quiet=options.json)


async def _report(home: Path, grpc: str, rounds: int) -> dict[str, Any]:
    decoder = DecodePool()
    await decoder.warm_up()
    try:
        models = {p.name: await _pathway(p, home, grpc, decoder, rounds) for p in all_pathways()}
    finally:
        decoder.close()
    stroke = models["stroke"]["tensor_to_finding_s"]
    return {
        "ratio": {name: found["ratio"] for name, found in models.items()},
        "agreement": {name: found["agreement"] for name, found in models.items()},
        "tensor_to_finding_s": {name: found["tensor_to_finding_s"] for name, found in models.items()},
        "whole_case_s": {name: found["whole_case_s"] for name, found in models.items()},
        "stroke_limit_s": LIMIT_S,
        "stroke_limit_ratio": round(stroke / LIMIT_S, 4),
        "rounds": rounds,
        "threads": THREADS,
        "models": models,
    }


async def _pathway(pathway: Pathway, home: Path, grpc: str, decoder: DecodePool, rounds: int) -> dict[str, Any]:
    contract = load_contract(pathway.model)
    served = ServedModel(contract, TritonSettings(grpc=grpc))
    await served.start()
    reference = InProcessModel(contract, threads=THREADS)
    inputs = known_answer_inputs(contract)
    ours, theirs = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        answer = await served.infer(inputs, timeout_s=60)
        middle = time.perf_counter()
        expected = await reference.infer(inputs, timeout_s=60)
        ours.append(middle - start)
        theirs.append(time.perf_counter() - middle)
    cases = [await _case(pathway, home, served, decoder) for _ in range(rounds)]
    await served.close()
    return {
        "model": f"{contract.name} {contract.version}",
        "served_s": _middle(ours),
        "onnxruntime_s": _middle(theirs),
        "ratio": round(statistics.median(theirs) / statistics.median(ours), 3),
        "agreement": _apart(expected, answer),
        "tensor_to_finding_s": _middle([case[1] for case in cases]),
        "explain_s": _middle([case[2] for case in cases]),
        "whole_case_s": _middle([case[0] for case in cases]),
        "finding": cases[-1][3],
    }


async def _case(
    pathway: Pathway, home: Path, served: ServedModel, decoder: DecodePool
) -> tuple[float, float, float, str]:
    """Seconds of the whole case, from the grid to the finding, and of the key image; and the finding."""
    folder = write(Order(seed=5, number=1, spec=_CASES[pathway.name]), home / pathway.name)
    files = _one_series(sorted(folder.glob("*.dcm")))
    begin = time.perf_counter()
    image = await Images({}, decoder).decode(files, pathway.grid, timeout_s=60)
    start = time.perf_counter()
    prepared = pathway.prepare(image)
    outputs: Mapping[str, Tensor] = {} if prepared.refusal else await served.infer(prepared.inputs, timeout_s=60)
    finding = pathway.read(outputs, prepared, served.contract, _PATIENT)
    found = time.perf_counter()
    if pathway.explain is not None:
        pathway.explain(image, prepared, outputs, finding)
    end = time.perf_counter()
    return end - begin, found - start, end - found, f"{finding.state.value}: {finding.reason}"


def _one_series(files: list[Path]) -> list[Path]:
    """The largest series of a study: the others are localizers."""
    from pydicom import dcmread

    by_series: dict[str, list[Path]] = {}
    for path in files:
        uid = str(dcmread(path, stop_before_pixels=True, specific_tags=["SeriesInstanceUID"]).SeriesInstanceUID)
        by_series.setdefault(uid, []).append(path)
    return max(by_series.values(), key=len)


def _apart(expected: Mapping[str, Tensor], answer: Mapping[str, Tensor]) -> float:
    pairs = [(np.asarray(one, np.float64), np.asarray(answer[name], np.float64)) for name, one in expected.items()]
    return float(f"{np.max([np.abs(one - two).max() / max(np.abs(one).max(), 1e-6) for one, two in pairs]):.2e}")


def _engines(metrics: str) -> dict[str, str]:
    """Which engine serves each model, as Triton's own metrics say."""
    with urllib.request.urlopen(f"http://{metrics}/metrics", timeout=5) as response:
        lines = response.read().decode().splitlines()
    found = [line for line in lines if line.startswith("codestroke_model_engine{")]
    labels = [
        dict(part.split("=") for part in line[line.index("{") + 1 : line.index("}")].split(",")) for line in found
    ]
    return {item["model"].strip('"'): item["engine"].strip('"') for item in labels}


def _middle(values: list[float]) -> float:
    return round(statistics.median(values), 4)


if __name__ == "__main__":
    main()
