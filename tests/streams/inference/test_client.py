"""The served models on the real Triton: contract, known answer, shared memory, time-outs, restarts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import numpy as np
import pytest

from codestroke.services.stack import Part, Stack
from schemas.errors import BudgetExhausted, ModelContractBroken, PeerUnavailable
from streams.inference.client import ServedModel
from streams.inference.settings import SharedMemory, TritonSettings
from streams.pathways import all_pathways
from triton_models.contracts import ModelContract, known_answer_inputs, load_contract

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
MODELS = [pathway.model for pathway in all_pathways()]


@pytest.fixture(scope="module")
def triton(stack: Stack) -> str:
    """Address of a running Triton that serves the committed repository."""
    return stack.up([Part.TRITON]).triton_grpc


@asynccontextmanager
async def _served(
    address: str, contract: ModelContract, *, memory: SharedMemory = SharedMemory.AUTO
) -> AsyncIterator[ServedModel]:
    model = ServedModel(contract, TritonSettings(grpc=address, shared_memory=memory, max_infer_s=20))
    try:
        yield model
    finally:
        with contextlib.suppress(Exception):
            await model.close()


@pytest.mark.parametrize("name", MODELS)
async def test_every_committed_model_gives_its_known_answer(triton: str, name: str) -> None:
    async with _served(triton, load_contract(name)) as model:
        await model.start()


async def test_shared_memory_and_grpc_give_the_same(triton: str) -> None:
    contract = load_contract("lvo_cta_head")
    inputs, answers = known_answer_inputs(contract), []
    for memory in (SharedMemory.ALWAYS, SharedMemory.NEVER):
        async with _served(triton, contract, memory=memory) as model:
            await model.start()
            answers.append(await model.infer(inputs, timeout_s=20))
    assert np.array_equal(answers[0]["heat"], answers[1]["heat"])


async def test_another_known_answer_does_not_start(triton: str) -> None:
    contract = load_contract("pneumonia_cxr")
    first, *rest = contract.known_answer.samples
    wrong = msgspec.structs.replace(first, value=first.value + 1.0)
    known = msgspec.structs.replace(contract.known_answer, samples=(wrong, *rest))
    async with _served(triton, msgspec.structs.replace(contract, known_answer=known)) as model:
        with pytest.raises(ModelContractBroken, match="known answer"):
            await model.start()


async def test_another_shape_than_served_does_not_start(triton: str) -> None:
    contract = load_contract("pneumonia_cxr")
    wider = tuple(msgspec.structs.replace(spec, shape=(1, 1, 128, 128)) for spec in contract.inputs)
    async with _served(triton, msgspec.structs.replace(contract, inputs=wider)) as model:
        with pytest.raises(ModelContractBroken):
            await model.start()


async def test_a_version_that_is_not_served_is_named(triton: str) -> None:
    contract = msgspec.structs.replace(load_contract("pneumonia_cxr"), version="7")
    async with _served(triton, contract) as model:
        with pytest.raises((ModelContractBroken, PeerUnavailable)):
            await model.start()


async def test_an_answer_outside_its_range_is_no_result(triton: str) -> None:
    contract = load_contract("pneumonia_cxr")
    narrow = tuple(msgspec.structs.replace(spec, low=0.0, high=1e-9) for spec in contract.outputs)
    async with _served(triton, msgspec.structs.replace(contract, outputs=narrow)) as model:
        with pytest.raises(ModelContractBroken, match="outside"):
            await model.infer(known_answer_inputs(contract), timeout_s=20)


async def test_no_time_is_a_spent_budget_not_a_negative(triton: str) -> None:
    contract = load_contract("lvo_cta_head")
    async with _served(triton, contract) as model:
        for timeout_s in (0.0, 0.001):
            with pytest.raises(BudgetExhausted):
                await model.infer(known_answer_inputs(contract), timeout_s=timeout_s)


async def test_an_absent_server_is_named_with_its_setting() -> None:
    async with _served("127.0.0.1:1", load_contract("pneumonia_cxr")) as model:
        with pytest.raises(PeerUnavailable, match=r"triton\.grpc"):
            await model.start()


async def test_a_server_that_was_killed_works_again_also_with_shared_memory(stack: Stack, triton: str) -> None:
    contract = load_contract("lvo_cta_head")
    inputs = known_answer_inputs(contract)
    async with _served(triton, contract, memory=SharedMemory.ALWAYS) as model:
        await model.start()
        before = await model.infer(inputs, timeout_s=20)
        await asyncio.to_thread(stack.kill, Part.TRITON)
        with pytest.raises(PeerUnavailable):
            await model.infer(inputs, timeout_s=20)
        await asyncio.to_thread(stack.wait_ready, Part.TRITON)
        after = await _again(model, inputs)
    assert np.array_equal(before["heat"], after["heat"])


async def _again(model: ServedModel, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    for _ in range(40):
        with contextlib.suppress(PeerUnavailable):
            return await model.infer(inputs, timeout_s=20)
        await asyncio.sleep(0.25)
    raise AssertionError("Triton is back, but the model does not answer")
