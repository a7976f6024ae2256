"""Apache Kafka's jar files: fetched once from Maven Central by jgo, each checked against the committed lock.

Called by ``kafka.py``. The lock (``locks/jgo.lock.toml``) names 45 jars with their SHA-256;
``python -m codestroke.services.jars`` resolves ``locks/jgo.toml`` anew and rewrites it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import requests
from jgo.env import EnvironmentBuilder, EnvironmentSpec
from jgo.maven import MavenContext
from rich.console import Console
from rich.progress import track

from codestroke.services.locking import build_once
from schemas.errors import PeerUnavailable, PermanentError

LOCKS = Path(str(resources.files("codestroke.services"))) / "locks"
LOCK_FILE = LOCKS / "jgo.lock.toml"


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked jar."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Its name on the class path."""
        return f"{self.name}-{self.version}.jar"


def read_lock(text: str) -> list[Jar]:
    """The jars that a ``jgo.lock.toml`` names."""
    found = tomllib.loads(text)["dependencies"]
    return [Jar(dep["groupId"], dep["artifactId"], dep["version"], dep["sha256"]) for dep in found]


def ensure_jars(cache: Path, console: Console) -> Path:
    """The folder that holds every locked jar; downloads them on first use.

    Raises PeerUnavailable if Maven Central does not answer, PermanentError if a file is not the locked one.
    """
    text = LOCK_FILE.read_text()
    jars = read_lock(text)
    stamp = hashlib.sha256("\n".join(sorted(jar.sha256 for jar in jars)).encode()).hexdigest()[:12]
    return build_once(cache / f"kafka-{stamp}", lambda folder: _download(jars, folder, console))


def _download(jars: list[Jar], folder: Path, console: Console) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as repository:
        context = MavenContext(repo_cache=Path(repository))
        for jar in track(jars, "Apache Kafka's jars", console=console):
            source = _fetch(context, jar)
            check(source, jar)
            shutil.copyfile(source, folder / jar.file_name)


def _fetch(context: MavenContext, jar: Jar) -> Path:
    component = context.project(jar.group, jar.name).at_version(jar.version)
    try:
        return Path(component.artifact().resolve())
    except (requests.RequestException, RuntimeError, OSError) as error:
        raise PeerUnavailable(f"Maven Central gave no {jar.file_name}: {error}", reason="download") from error


def check(path: Path, jar: Jar) -> None:
    """Raise PermanentError unless the file at ``path`` has the locked SHA-256."""
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != jar.sha256:
        raise PermanentError(f"{jar.file_name} has SHA-256 {actual}, the lock says {jar.sha256}", reason="checksum")


def relock() -> int:
    """Resolve ``jgo.toml`` anew, write the lock, and return how many jars it names."""
    os.chdir(LOCKS)  # jgo hashes the jgo.toml of the working directory into the lock
    with tempfile.TemporaryDirectory() as scratch:
        builder = EnvironmentBuilder(
            context=MavenContext(repo_cache=Path(scratch) / "m2"), cache_dir=Path(scratch) / "jgo"
        )
        lock = builder.resolve_lockfile(EnvironmentSpec.load("jgo.toml"))
        lock.save(LOCK_FILE)
    return len(lock.dependencies)


if __name__ == "__main__":
    Console().print(f"locked {relock()} jars")
