"""The lock of Triton's own environment."""

import re

from codestroke.services import triton_env


def test_the_lock_pins_by_hash_and_keeps_numpy_1_where_there_is_one() -> None:
    text = triton_env.LOCK.read_text()
    pins = re.findall(r"^[a-z0-9-]+==.*", text, re.MULTILINE)
    assert "nvidia-pytriton==0.7.0 \\" in pins
    assert any(pin.startswith("numpy==1.") and "python_full_version < '3.13'" in pin for pin in pins)
    blocks = re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins)
    assert all("--hash=sha256:" in block for block in blocks)
