"""Triton Inference Server on the CPU: its command line, over the same repository that NVIDIA's container mounts.

Called by the stack. The server's python backend starts one stub process a model instance.
"""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import structlog
from rich.console import Console

from codestroke.services import triton_env
from codestroke.services.launch_spec import LaunchSpec, clean_environment
from codestroke.services.parts import Layout, Part, Ports
from schemas.errors import BadSettings

_log = structlog.get_logger(__name__)


def repository(layout: Layout, chosen: Path | None) -> Path:
    """The model repository to serve; an empty one if the package has none yet.

    Raises BadSettings if ``chosen`` is not a folder.
    """
    if chosen is not None:
        if not chosen.is_dir():
            raise BadSettings(f"the model repository {chosen} is not a folder", reason="model_repository")
        return chosen.resolve()
    packaged = Path(str(resources.files("triton_models"))) / "repository"
    if packaged.is_dir():
        return packaged
    _log.warning("triton_repository_empty", path=str(packaged))
    empty = layout.data(Part.TRITON) / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    return empty


def spec(layout: Layout, ports: Ports, cache: Path, *, models: Path | None, console: Console) -> LaunchSpec:
    """Build the environment on first use and say how to start the server."""
    environment = triton_env.ensure(cache, console)
    folder = layout.data(Part.TRITON)
    folder.mkdir(parents=True, exist_ok=True)
    return LaunchSpec(
        argv=[
            str(triton_env.server_root(environment) / "bin" / "tritonserver"),
            *options(repository(layout, models), ports, environment / "backends", prefix=shm_prefix(layout)),
        ],
        cwd=folder,
        pid_file=layout.pid_file(Part.TRITON),
        env=clean_environment(
            PATH=f"{triton_env.python(environment).parent}:{os.environ.get('PATH', '')}",
            LD_LIBRARY_PATH=triton_env.library_path(environment),
        ),
    )


def shm_prefix(layout: Layout) -> str:
    """How the names of this server's regions in /dev/shm begin."""
    return f"codestroke-{layout.key}-"


def options(models: Path, ports: Ports, backends: Path, *, prefix: str) -> list[str]:
    """The arguments of ``tritonserver``.

    Configurations are taken as written (no auto-completion), so that the same files mean the same in the container.
    One model that fails to load stops the server: a hospital must not run with a model silently missing.
    """
    values = {
        "model-repository": models,
        "backend-directory": backends,
        "model-control-mode": "none",
        "exit-on-error": "true",
        "exit-timeout-secs": 5,
        "http-address": "127.0.0.1",
        "http-port": ports.triton_http,
        "grpc-address": "127.0.0.1",
        "grpc-port": ports.triton_grpc,
        "metrics-address": "127.0.0.1",
        "metrics-port": ports.triton_metrics,
        "backend-config": f"python,shm-region-prefix-name={prefix}",
    }
    return ["--disable-auto-complete-config", *(f"--{name}={value}" for name, value in values.items())]
