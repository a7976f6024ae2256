"""One model on Triton: contract-checked requests over gRPC, with system shared memory where both are on one host.

Translates every tritonclient error; above this module only our own errors are seen. An answer that breaks the contract
(names, types, shapes, NaN, range, version) raises and so becomes "not analysed", never negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tritonclient.grpc.aio as grpc_aio
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from schemas.errors import BudgetExhausted, ModelContractBroken, PeerUnavailable
from streams.inference.settings import SharedMemory, TritonSettings
from streams.inference.sharedmemory import InputRegion, can_share
from triton_models.contracts import (
    ModelContract,
    check_inputs,
    check_known_answer,
    check_metadata,
    check_outputs,
    known_answer_inputs,
)
from triton_models.prepared import Tensor


class ServedModel:
    """A model as served by one Triton; made per process, safe to use from one event loop."""

    def __init__(self, contract: ModelContract, settings: TritonSettings) -> None:
        self.contract = contract
        self._settings = settings
        self._client = grpc_aio.InferenceServerClient(settings.grpc)
        self._region: InputRegion | None = None
        self._registered = False

    async def start(self) -> None:
        """Compare metadata with the contract and ask for the known answer.

        Raises:
            PeerUnavailable: Triton does not answer, or does not serve the model yet.
            ModelContractBroken: it serves something else than the contract says, or answers wrongly.
        """
        metadata = await self._call(self._metadata())
        check_metadata(self.contract, metadata)
        if self._region is None and can_share(self._settings):
            self._region = await self._open_region()
            self._registered = self._region is not None
        outputs = await self.infer(known_answer_inputs(self.contract), timeout_s=self._settings.max_infer_s)
        check_known_answer(self.contract, outputs)

    async def infer(self, inputs: Mapping[str, Tensor], *, timeout_s: float) -> dict[str, Tensor]:
        """Run the model once.

        Raises:
            ModelContractBroken: the inputs or the answer break the contract.
            BudgetExhausted: no answer within ``timeout_s``.
            PeerUnavailable: Triton refused, stopped or restarted.
        """
        check_inputs(self.contract, inputs)
        limit = min(timeout_s, self._settings.max_infer_s)
        if limit <= 0:
            raise BudgetExhausted(f"no time left to ask model {self.contract.name}")
        if self._region is not None and not self._registered:
            await self._call(self._region.register(self._client))
            self._registered = True
        result = await self._call(self._infer(inputs, limit))
        outputs = {spec.name: _as_array(result, spec.name) for spec in self.contract.outputs}
        self._check_version(result)
        check_outputs(self.contract, outputs)
        return outputs

    async def close(self) -> None:
        """Release the shared memory and the connection."""
        if self._region is not None:
            await self._region.close(self._client)
        await self._client.close()

    async def _metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = await self._client.get_model_metadata(
            self.contract.name, self.contract.version, as_json=True, client_timeout=self._settings.max_infer_s
        )
        return found

    async def _open_region(self) -> InputRegion | None:
        try:
            return await InputRegion.open(self._client, self.contract)
        except InferenceServerException as error:
            if self._settings.shared_memory is SharedMemory.ALWAYS:
                raise self._translated(error) from error
            return None  # another host or another /dev/shm: gRPC carries the tensors

    async def _infer(self, inputs: Mapping[str, Tensor], limit: float) -> Any:
        asked = [self._request_input(name, array) for name, array in inputs.items()]
        wanted = [grpc_aio.InferRequestedOutput(spec.name) for spec in self.contract.outputs]
        return await self._client.infer(
            self.contract.name,
            asked,
            model_version=self.contract.version,
            outputs=wanted,
            client_timeout=limit,
        )

    def _request_input(self, name: str, array: Tensor) -> Any:
        asked = grpc_aio.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
        if self._region is not None and self._region.holds(array):
            self._region.fill(array)
            asked.set_shared_memory(self._region.name, array.nbytes)
        else:
            asked.set_data_from_numpy(np.ascontiguousarray(array))
        return asked

    def _check_version(self, result: Any) -> None:
        answered = result.get_response().model_version
        if answered != self.contract.version:
            raise ModelContractBroken(
                f"model {self.contract.name}: version {answered} answered instead of {self.contract.version}",
                reason="model_version",
            )

    async def _call(self, awaitable: Any) -> Any:
        try:
            return await awaitable
        except InferenceServerException as error:
            self._registered = False  # a server that restarted has forgotten the region: register it again before use
            raise self._translated(error) from error

    def _translated(self, error: InferenceServerException) -> Exception:
        name, status = self.contract.name, str(error.status() or "")
        if "DEADLINE_EXCEEDED" in status:
            return BudgetExhausted(f"Triton (setting triton.grpc) gave no answer for {name} in time")
        if "INVALID_ARGUMENT" in status:
            return ModelContractBroken(f"Triton refused the request for {name}: {str(error.message())[:200]}")
        message = f"Triton at {self._settings.grpc} (setting triton.grpc) does not serve {name}: {status or 'error'}"
        return PeerUnavailable(message, reason="triton_unavailable")


def _as_array(result: Any, name: str) -> Tensor:
    array = result.as_numpy(name)
    if array is None:
        raise ModelContractBroken(f"the answer has no output {name!r}")
    return np.asarray(array)
