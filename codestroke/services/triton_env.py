"""Triton's own environment: the server's wheel, numpy < 2, onnxruntime and OpenVINO, apart from ours, and its backends.

Called by ``triton.py``. It is built with uv from the committed lock (``locks/triton.txt``, hashes checked), for
the running CPython, whose version the stub process must match. ``python -m codestroke.services.triton_env``
rewrites the lock from ``locks/triton.in`` and the pinned server.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from importlib import resources
from pathlib import Path

import uv
from rich.console import Console

from codestroke.services.launch_spec import clean_environment
from codestroke.services.locking import build_once, is_built
from schemas.errors import BadSettings, PeerUnavailable

_HERE = Path(str(resources.files("codestroke.services")))
LOCK = _HERE / "locks" / "triton.txt"
_WANTED = LOCK.with_suffix(".in")
_SERVER = "nvidia-pytriton==0.7.0"  # carries tritonserver 2.51.0; its own Python requirements are not needed
_BACKEND = _HERE / "triton_backend" / "onnxruntime"
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def folder(cache: Path) -> Path:
    """Where the environment of this lock, these backend sources and this Python lies."""
    digest = hashlib.sha256(LOCK.read_bytes())
    digest.update((_BACKEND / "model.py").read_bytes())
    digest.update(sys.base_prefix.encode())
    return cache / f"triton-py{_PYTHON}-{digest.hexdigest()[:12]}"


def ensure(cache: Path, console: Console) -> Path:
    """The environment's folder; built on first use. Raises PeerUnavailable if the package index does not answer."""
    target = folder(cache)
    if is_built(target):
        return target
    libpython()
    return build_once(target, lambda empty: _build(empty, console))


def _build(target: Path, console: Console) -> None:
    console.print("Triton's own environment (about 140 MB to download)")
    _uv("venv", "--quiet", "--python", sys.executable, str(target / "venv"))
    install = ("pip", "install", "--python", str(python(target)), "--no-deps", "--require-hashes", "-r", str(LOCK))
    if console.is_terminal and not console.quiet:
        _uv(*install, show=True)  # uv draws a progress bar for each download
    else:
        _uv(*install)
    tree = server_root(target)
    backends = target / "backends"
    shutil.copytree(tree / "backends" / "python", backends / "python")
    stub = tree / "python_backend_stubs" / _PYTHON / "triton_python_backend_stub"
    shutil.copy(stub, backends / "python" / stub.name)
    shutil.copytree(_BACKEND, backends / "onnxruntime", ignore=shutil.ignore_patterns("__pycache__"))


def python(target: Path) -> Path:
    """The interpreter of the environment, whose packages the stub process sees."""
    return target / "venv" / "bin" / "python"


def _site(target: Path) -> Path:
    return target / "venv" / "lib" / f"python{_PYTHON}" / "site-packages"


def server_root(target: Path) -> Path:
    """The folder of the wheel that holds ``bin/tritonserver`` and the stubs."""
    return _site(target) / "pytriton" / "tritonserver"


def library_path(target: Path) -> str:
    """``LD_LIBRARY_PATH`` of the server: the wheel's own libraries and that of libpython."""
    return f"{_site(target) / 'nvidia_pytriton.libs'}:{libpython().parent}"


def libpython() -> Path:
    """The shared library of the running Python, which the stub process is linked to."""
    name = f"libpython{_PYTHON}.so.1.0"
    base = Path(sysconfig.get_config_var("LIBDIR") or "/usr/lib")
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    for place in (base, base / multiarch, Path(sys.base_prefix) / "lib", Path("/usr/lib") / multiarch):
        if (place / name).exists():
            return place / name
    raise BadSettings(
        f"Triton needs the shared library {name}, which this Python lacks: use a Python built with "
        f"--enable-shared (uv's and Debian's are; on Debian install libpython{_PYTHON})",
        reason="no_libpython",
    )


def relock() -> None:
    """Resolve the environment anew for every Python we support, and write the lock with its hashes."""
    common = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate")
    # Nothing in a hospital reports to a vendor; OpenVINO runs without it.
    packages = _uv("pip", "compile", *common, "--no-emit-package", "openvino-telemetry", str(_WANTED))
    server = _uv("pip", "compile", *common, "--no-deps", "-", stdin=_SERVER)
    head = "# Triton's own environment; made by: python -m codestroke.services.triton_env\n"
    LOCK.write_text(head + packages + server)


def _uv(*arguments: str, stdin: str | None = None, show: bool = False) -> str:
    done = subprocess.run(  # noqa: S603
        [uv.find_uv_bin(), *arguments],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=None if show else subprocess.PIPE,
        text=True,
        check=False,
        env=clean_environment(),
    )
    if done.returncode != 0:
        told = (done.stderr or "see above").strip()
        raise PeerUnavailable(f"uv {' '.join(arguments[:2])} failed: {told}", reason="download")
    return done.stdout


if __name__ == "__main__":
    relock()
