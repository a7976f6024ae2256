"""A tiny network on a real Triton of its own, whose answers can be made wrong: no wrong answer is a result."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper

from codestroke.services.stack import Part, Ports, Stack, StackConfig
from schemas.errors import ModelContractBroken, PeerUnavailable
from streams.inference.client import ServedModel
from streams.inference.settings import SharedMemory, TritonSettings
from triton_models.contracts import Datatype, KnownAnswer, ModelContract, OperatingPoint, Sample, TensorSpec

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SHAPE = (1, 1 << 17)  # half a megabyte of 32-bit floats: enough to travel by shared memory
X = TensorSpec(name="x", datatype=Datatype.FP32, shape=SHAPE, low=-1.0, high=1.0)
ROOT = TensorSpec(name="root", datatype=Datatype.FP32, shape=SHAPE, low=0.0, high=1.0)
CONTRACT = ModelContract(
    name="root",
    version="1",
    inputs=(msgspec.structs.replace(X, low=0.0),),
    outputs=(ROOT,),
    operating_point=OperatingPoint(name="none", detected_at=0.5, not_detected_below=0.5, target="test"),
    sha256="",
    known_answer=KnownAnswer(seed=1, tolerance=1e-6, samples=()),
)
ANY_SIGN = msgspec.structs.replace(CONTRACT, inputs=(X,))


def _repository(folder: Path) -> Path:
    """A model repository that holds y = sqrt(x), which is NaN below zero."""
    place = folder / CONTRACT.name / "1"
    place.mkdir(parents=True)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE) for name in ("x", "root")]
    graph = helper.make_graph([helper.make_node("Sqrt", ["x"], ["root"])], "root", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), place / "model.onnx")
    dims = f"data_type: TYPE_FP32 dims: [{SHAPE[0]}, {SHAPE[1]}]"
    (place.parent / "config.pbtxt").write_text(
        f'name: "root" backend: "onnxruntime" max_batch_size: 0 input [{{ name: "x" {dims} }}]'
        f' output [{{ name: "root" {dims} }}] instance_group [{{ kind: KIND_CPU count: 1 }}]'
    )
    return folder


@pytest.fixture(scope="module")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Triton that serves the tiny network alone."""
    cache = Path(os.environ.get("CODESTROKE_CACHE", Path.home() / ".cache" / "codestroke"))
    models = _repository(tmp_path_factory.mktemp("repository"))
    config = StackConfig(home=tmp_path_factory.mktemp("parts"), cache=cache, ports=Ports(), model_repository=models)
    own = Stack(config)
    yield own.up([Part.TRITON]).triton_grpc
    own.purge()


@pytest.fixture(params=[SharedMemory.ALWAYS, SharedMemory.NEVER])
def settings(triton: str, request: pytest.FixtureRequest) -> TritonSettings:
    """By shared memory and by gRPC."""
    return TritonSettings(grpc=triton, shared_memory=request.param, max_infer_s=10)


@pytest.fixture
async def model(settings: TritonSettings) -> AsyncIterator[ServedModel]:
    """The model, verified, taking numbers of any sign."""
    made = ServedModel(ANY_SIGN, settings)
    made.contract = CONTRACT  # the known answer is asked for within the range that the network can answer
    await made.start()
    made.contract = ANY_SIGN
    yield made
    await made.close()


def _all(value: float) -> dict[str, npt.NDArray[np.float32]]:
    return {"x": np.full(SHAPE, value, np.float32)}


async def test_the_answer_is_that_of_the_network(model: ServedModel) -> None:
    answer = await model.infer(_all(0.25), timeout_s=10)
    assert np.array_equal(answer["root"], np.full(SHAPE, 0.5, np.float32))


async def test_one_nan_among_many_values_is_no_result(model: ServedModel) -> None:
    inputs = _all(0.25)
    inputs["x"][0, 77] = -0.25
    with pytest.raises(ModelContractBroken, match="NaN"):
        await model.infer(inputs, timeout_s=10)
    assert (await model.infer(_all(1.0), timeout_s=10))["root"][0, 77] == 1.0


async def test_a_value_outside_its_range_is_no_result(model: ServedModel) -> None:
    model.contract = msgspec.structs.replace(ANY_SIGN, outputs=(msgspec.structs.replace(ROOT, high=0.9),))
    with pytest.raises(ModelContractBroken, match="outside"):
        await model.infer(_all(1.0), timeout_s=10)


@pytest.mark.parametrize("wrong", [np.zeros((1, 8), np.float32), np.zeros(SHAPE, np.float64), np.full(SHAPE, np.nan)])
async def test_an_input_that_breaks_the_contract_is_not_sent(
    model: ServedModel, wrong: npt.NDArray[np.float32]
) -> None:
    with pytest.raises(ModelContractBroken):
        await model.infer({"x": wrong}, timeout_s=10)


async def test_two_clients_of_one_model_never_see_each_others_images(model: ServedModel) -> None:
    other = ServedModel(CONTRACT, model._settings)
    await other.start()
    try:
        for _ in range(20):
            mine, theirs = await asyncio.gather(
                model.infer(_all(0.25), timeout_s=10), other.infer(_all(1.0), timeout_s=10)
            )
            assert [np.unique(one["root"]).tolist() for one in (mine, theirs)] == [[0.5], [1.0]]
    finally:
        await other.close()


async def test_memory_is_given_back(settings: TritonSettings) -> None:
    before = _regions()
    model = ServedModel(CONTRACT, settings)
    await model.start()
    await model.start()  # as a worker does that waits for a model
    assert len(_regions() - before) == (settings.shared_memory is SharedMemory.ALWAYS)
    await model.close()
    assert _regions() == before


def _regions() -> set[str]:
    return {path.name for path in Path("/dev/shm").glob(f"codestroke-{CONTRACT.name}-*")}  # noqa: S108 - where regions lie


WRONG_NUMBER = KnownAnswer(seed=1, tolerance=1e-6, samples=(Sample(output="root", index=0, value=7.0),))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "2"}, "version|does not serve"),
        ({"name": "cube"}, "does not serve"),
        ({"outputs": (msgspec.structs.replace(ROOT, name="square"),)}, "square"),
        ({"outputs": (msgspec.structs.replace(ROOT, datatype=Datatype.FP16),)}, "served as"),
        ({"inputs": (msgspec.structs.replace(X, shape=(1, 8)),)}, "served as"),
        ({"known_answer": WRONG_NUMBER}, "known answer"),
    ],
)
async def test_another_model_than_the_contract_says_does_not_start(
    triton: str, change: dict[str, object], said: str
) -> None:
    model = ServedModel(msgspec.structs.replace(CONTRACT, **change), TritonSettings(grpc=triton, max_infer_s=10))
    try:
        with pytest.raises((ModelContractBroken, PeerUnavailable), match=said):
            await model.start()
    finally:
        await model.close()
