"""Roles share a process's registry with what they import: no two of their metrics may have one name."""

from __future__ import annotations

import subprocess
import sys

_EVERYTHING = """
from prometheus_client import REGISTRY
import codestroke.roles.board, codestroke.roles.gateway, codestroke.roles.pager, codestroke.roles.worker
from alerting.pager.metrics import PagerMetrics
from board.metrics import BoardMetrics
PagerMetrics(REGISTRY), BoardMetrics(REGISTRY)
"""


def test_all_roles_metrics_fit_into_one_registry() -> None:
    done = subprocess.run([sys.executable, "-c", _EVERYTHING], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-500:]
