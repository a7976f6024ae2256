"""``codestroke models``: train, evaluate, export and validate. Training and its test parts need the extra ``train``.

Judging a folder of DICOM studies needs the extra ``evaluate`` alone.
"""

from __future__ import annotations

import asyncio
import importlib
import json
from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter
from rich.console import Console

from codestroke.evaluation.engine import Engine
from codestroke.services.commands import CACHE, Cache
from schemas.errors import BadSettings
from streams.inference.settings import TritonSettings

Json = Annotated[bool, Parameter(name="--json", negative=())]
Address = Annotated[str, Parameter(env_var="CODESTROKE_TRITON__GRPC")]
app = cyclopts.App(name="models", help="Train, evaluate, export and validate models. Research only.")
_HELD_OUT = "triton_models.commands"
app.command(f"{_HELD_OUT}:train", name="train")
app.command(f"{_HELD_OUT}:export", name="export")
app.command(f"{_HELD_OUT}:validate", name="validate")


@app.command
def evaluate(  # noqa: PLR0913 - the options of a command line
    pathway: str,
    *,
    dicom: Path | None = None,
    labels: Path | None = None,
    report: Path | None = None,
    prevalence: float | None = None,
    engine: Engine = Engine.AUTO,
    triton: Address = "127.0.0.1:8001",
    cache: Cache = CACHE,
    seed: int = 1,
    smoke: bool = False,
    as_json: Json = False,
) -> None:
    """Judge the installed model: on its held-out test part, or on your own DICOM studies.

    With ``--dicom`` every study goes through the code of the running pipeline: eligibility, choice of series, geometry
    checks, preprocessing, the served model, its operating point. Nothing leaves this machine. Without it the model is
    judged on data that it was not trained on.

    Args:
        pathway: stroke, aorta or chest.
        dicom: folder of DICOM files, in any tree, under any name.
        labels: CSV with the columns study_uid,label (positive, negative, indeterminate, not_applicable) and, where
            known, side,segment,diameter_mm,group.
        report: folder to write the report to: Markdown, plots, pictures of failures, JSON and CSV.
        prevalence: share of positives at your site, for PPV and NPV there.
        engine: who runs the model on DICOM studies; auto takes the Triton at ``triton``, else an embedded one, else
            ONNX Runtime in this process.
        triton: gRPC address of a running Triton.
        cache: downloads of the embedded Triton.
        seed: the seed that the model was trained with: it says which cases are held out.
        smoke: judge on a handful of held-out cases.
        as_json: print one JSON document as the last line.
    """
    if dicom is None:
        if labels is not None:
            raise BadSettings("--labels need --dicom, the folder that they are of")
        held_out: Any = importlib.import_module(_HELD_OUT)
        found = held_out.held_out_figures(pathway, seed=seed, smoke=smoke, report=report, prevalence=prevalence)
    else:
        settings = TritonSettings(grpc=triton)
        found = _judged(
            report, pathway=pathway, dicom=dicom, labels=labels, engine=engine, triton=settings, cache=cache,
            prevalence=prevalence,
        )  # fmt: skip
    _show(found, as_json=as_json, said=f"{pathway}: {dicom or 'held-out data'}")


def _judged(report: Path | None, **chosen: Any) -> dict[str, object]:
    try:
        from codestroke.evaluation.run import FolderRun  # noqa: PLC0415 - needs the extra `evaluate`
    except ModuleNotFoundError as error:
        raise BadSettings(f"{error.name} is not installed: install codestroke with the extra `evaluate`") from error
    return asyncio.run(FolderRun(**chosen).run(report))


def _show(figures: object, *, as_json: bool, said: str) -> None:
    if as_json:
        print(json.dumps(figures, default=str))  # noqa: T201 - the last line is for programs
        return
    console = Console(soft_wrap=True)
    console.print(said)
    console.print_json(json.dumps(figures, default=str))
