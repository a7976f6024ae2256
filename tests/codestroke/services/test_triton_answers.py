"""Known answers from the real Triton through our backend, for each input type and both transports."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException, shared_memory

from codestroke.services.stack import Part, Stack

pytestmark = pytest.mark.integration
_X = [[1, 2, 3], [9, 5, 6]]
_Y = [[3.0, 5.0, 7.0], [19.0, 11.0, 13.0]]
_TYPES = [("affine32", "FP32", np.float32), ("affine16", "FP16", np.float16), ("affine8", "UINT8", np.uint8)]


@pytest.fixture(scope="module")
def client(own_stack: Stack) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(own_stack.up([Part.TRITON]).triton_grpc) as client:
        yield client


def _input(kind: str, array: npt.NDArray[np.generic]) -> triton.InferInput:
    x = triton.InferInput("x", list(array.shape), kind)
    x.set_data_from_numpy(array)
    return x


@pytest.mark.parametrize(("model", "kind", "dtype"), _TYPES)
def test_each_input_type_gives_the_known_answer(
    client: triton.InferenceServerClient, model: str, kind: str, dtype: type[np.generic]
) -> None:
    answer = client.infer(model, [_input(kind, np.array(_X, dtype))])
    assert answer.as_numpy("y").tolist() == _Y
    assert answer.as_numpy("y").dtype == np.float32
    assert answer.as_numpy("largest").tolist() == [[2], [0]]


def test_only_what_was_asked_for_comes_back(client: triton.InferenceServerClient) -> None:
    wanted = [triton.InferRequestedOutput("largest")]
    answer = client.infer("affine32", [_input("FP32", np.array(_X, np.float32))], outputs=wanted)
    assert answer.as_numpy("largest").tolist() == [[2], [0]]
    assert answer.as_numpy("y") is None


def test_a_tensor_of_16_mb_arrives_whole(client: triton.InferenceServerClient) -> None:
    x = np.random.default_rng(7).random((4, 1 << 20), dtype=np.float32)
    answer = client.infer("affine32", [_input("FP32", x)])
    np.testing.assert_array_equal(answer.as_numpy("y"), x * np.float32(2) + np.float32(1))


def test_a_tensor_in_shared_memory_gives_the_known_answer(client: triton.InferenceServerClient) -> None:
    array = np.array(_X, np.float16)
    region = shared_memory.create_shared_memory_region("x16", "/codestroke-test-x16", array.nbytes)
    try:
        shared_memory.set_shared_memory_region(region, [array])
        client.register_system_shared_memory("x16", "/codestroke-test-x16", array.nbytes)
        x = triton.InferInput("x", list(array.shape), "FP16")
        x.set_shared_memory("x16", array.nbytes)
        assert client.infer("affine16", [x]).as_numpy("y").tolist() == _Y
    finally:
        client.unregister_system_shared_memory("x16")
        shared_memory.destroy_shared_memory_region(region)


def test_a_request_that_the_network_refuses_is_an_error_and_the_next_is_served(
    client: triton.InferenceServerClient,
) -> None:
    empty = np.zeros((2, 0), np.float32)
    with pytest.raises(InferenceServerException, match="model affine32: "):
        client.infer("affine32", [_input("FP32", empty)])
    assert client.infer("affine32", [_input("FP32", np.array(_X, np.float32))]).as_numpy("y").tolist() == _Y


def test_the_metrics_name_the_engine_of_each_model(own_stack: Stack) -> None:
    address = own_stack.up([Part.TRITON]).triton_metrics
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as response:
        lines = response.read().decode().splitlines()
    found = [line for line in lines if line.startswith("codestroke_model_engine{")]
    assert len(found) == len(_TYPES)
    assert all('engine="onnxruntime"' in line and line.endswith(" 1") for line in found)
