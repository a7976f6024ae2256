"""Which server answers during an evaluation: a running Triton, an embedded Triton, or ONNX Runtime in process.

All three run the same installed file. Triton is what the pipeline uses and comes first; the third is for machines
where no Triton can be had, and the result says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from rich.console import Console

from codestroke.services.stack import Part, Stack, StackConfig
from schemas.errors import BadSettings, CodestrokeError
from streams.agents.analysis import Model
from streams.inference.client import ServedModel
from streams.inference.settings import TritonSettings
from triton_models.contracts import (
    ModelContract,
    check_inputs,
    check_known_answer,
    check_outputs,
    installed_model,
    known_answer_inputs,
)
from triton_models.prepared import Tensor


class Engine(enum.StrEnum):
    """Who runs the model."""

    AUTO = "auto"
    """The Triton at the given address where it serves the model, else an embedded one, else ONNX Runtime."""
    TRITON = "triton"
    EMBEDDED = "embedded"
    ONNXRUNTIME = "onnxruntime"


class InProcessModel:
    """The installed ONNX file, run by ONNX Runtime in this process under the same contract checks."""

    def __init__(self, contract: ModelContract, *, threads: int = 0) -> None:
        runtime = _onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        path = str(installed_model(contract))
        self.contract = contract
        self._session: Any = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        check_known_answer(contract, self._run(known_answer_inputs(contract)))

    async def infer(self, inputs: Mapping[str, Tensor], *, timeout_s: float) -> dict[str, Tensor]:
        """Run once; errors as ``ServedModel.infer``, but a started execution is not cut off."""
        del timeout_s
        check_inputs(self.contract, inputs)
        outputs = await asyncio.to_thread(self._run, inputs)
        check_outputs(self.contract, outputs)
        return outputs

    def _run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        names = [spec.name for spec in self.contract.outputs]
        return dict(zip(names, map(np.asarray, self._session.run(names, dict(inputs))), strict=True))


@contextlib.asynccontextmanager
async def opened(
    engine: Engine, contract: ModelContract, triton: TritonSettings, *, cache: Path, console: Console
) -> AsyncIterator[tuple[Model, str]]:
    """Give a model that has passed its known answer, and the name of what runs it.

    Raises:
        CodestrokeError: the engine that was asked for cannot serve the model.
    """
    for name in _tried(engine):
        async with contextlib.AsyncExitStack() as stack:
            try:
                model = await _enter(name, contract, triton, cache, console, stack)
            except CodestrokeError as error:
                if name is _tried(engine)[-1]:
                    raise
                console.print(f"{name.value}: {error}")
                continue
            yield model, name.value
            return


def _tried(engine: Engine) -> tuple[Engine, ...]:
    every = (Engine.TRITON, Engine.EMBEDDED, Engine.ONNXRUNTIME)
    return every if engine is Engine.AUTO else (engine,)


async def _enter(
    name: Engine,
    contract: ModelContract,
    triton: TritonSettings,
    cache: Path,
    console: Console,
    stack: contextlib.AsyncExitStack,
) -> Model:
    if name is Engine.ONNXRUNTIME:
        return await asyncio.to_thread(InProcessModel, contract)
    settings = triton
    if name is Engine.EMBEDDED:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="codestroke-triton-")))
        parts = stack.enter_context(Stack(StackConfig(home=home, cache=cache), progress=console))
        endpoints = await asyncio.to_thread(parts.up, (Part.TRITON,))
        settings = triton.model_copy(update={"grpc": endpoints.triton_grpc})
    served = ServedModel(contract, settings)
    stack.push_async_callback(served.close)
    await served.start()
    return served


def _onnxruntime() -> ModuleType:
    try:
        import onnxruntime  # noqa: PLC0415 - only this engine needs it
    except ModuleNotFoundError as error:
        raise BadSettings("onnxruntime is not installed: use Triton, or install the extra `evaluate`") from error
    return onnxruntime  # type: ignore[no-any-return]
