"""Names everything that a prepared study was made of, so that files made by other code are never played.

Called by the shift when it prepares studies.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import cv2
import numpy as np
import pydicom

import triton_models.phantoms as phantoms_package
from simulator.render import Order

_OWN = ("damage.py", "patients.py", "render.py", "specs.py", "studies/*.py")


def fingerprint(order: Order) -> str:
    """SHA-256 of the order, of the code that renders it and of the libraries that it uses."""
    return hashlib.sha256(f"{order!r}\n{_code_digest()}".encode()).hexdigest()


@functools.cache
def _code_digest() -> str:
    here = Path(__file__).parent
    sources = [path for pattern in _OWN for path in here.glob(pattern)]
    sources += [path for folder in phantoms_package.__path__ for path in Path(folder).glob("*.py")]
    digest = hashlib.sha256(f"{np.__version__} {cv2.__version__} {pydicom.__version__}".encode())
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()
