"""What a decode worker may use: address space, CPU time of one task, one BLAS thread.

``pool.py`` passes ``start_worker`` as initializer, ``worker.py`` calls ``allow_cpu`` before each task. Limits are the
kernel's, so that native codecs obey them too. It must import nothing heavy.
"""

from __future__ import annotations

import math
import resource
import signal
import warnings
from typing import Final

MEMORY_BYTES: Final = 4 * 1024**3
"""Address space of one worker: the largest film decodes in well under 1 GiB, libraries map most of another."""


def start_worker(memory_bytes: int) -> None:
    """Set the limits that hold for the life of a worker; SIGTERM kills at once, even inside a codec."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    warnings.filterwarnings("ignore", module="pydicom")  # they quote values of the header
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    ceiling = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_cpu(seconds: float) -> None:
    """Let this process use ``seconds`` more of CPU time; beyond that the kernel ends it (SIGXCPU)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = math.ceil(usage.ru_utime + usage.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
