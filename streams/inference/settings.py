"""How to reach Triton."""

from __future__ import annotations

import enum

from pydantic import BaseModel, ConfigDict, Field


class SharedMemory(enum.StrEnum):
    """Whether tensors travel through system shared memory; needs client and server on one host and one /dev/shm."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class TritonSettings(BaseModel):
    """Address and limits; ``max_infer_s`` bounds one execution even where the case has more time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grpc: str = "127.0.0.1:8001"
    shared_memory: SharedMemory = SharedMemory.AUTO
    max_infer_s: float = Field(default=30.0, gt=0, le=600)
    start_timeout_s: float = Field(default=60.0, gt=0, le=600)
