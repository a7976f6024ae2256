"""``codestroke simulate``: the synthetic hospital's parts as processes of their own."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import cyclopts

app = cyclopts.App(name="simulate", help="A synthetic hospital: a phone carrier and a shift. No real data.")


@app.command
def carrier(config: Path | None = None) -> None:
    """Be a phone carrier that speaks Twilio's REST API, on loopback.

    Args:
        config: JSON file with ``simulator.carrier.settings.CarrierSettings``; defaults where absent.
    """
    from codestroke.roles.run import stop_on_signals  # noqa: PLC0415 - loads only what it needs
    from simulator.carrier.carrier import Carrier  # noqa: PLC0415
    from simulator.carrier.settings import CarrierSettings  # noqa: PLC0415

    settings = CarrierSettings.model_validate_json(config.read_bytes()) if config else CarrierSettings()

    async def run() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        await Carrier(settings).run(stop)

    asyncio.run(run())


@app.command
def shift(
    *,
    host: str = "127.0.0.1",
    port: int = 11112,
    called: str = "CODESTROKE",
    seed: int = 1,
    folder: Path = Path(".codestroke/studies"),
) -> None:
    """Play the scripted shift against a gateway: synthetic studies by real C-STORE.

    Args:
        host: address of the gateway.
        port: its DICOM port.
        called: its AE title.
        seed: of the synthetic patients and studies.
        folder: where rendered studies are kept.
    """
    from rich.console import Console  # noqa: PLC0415 - loads only what it needs

    from simulator.play import play  # noqa: PLC0415
    from simulator.sender import Door  # noqa: PLC0415
    from simulator.shift import demo_shift, prepare  # noqa: PLC0415

    script, console = demo_shift(seed), Console()
    folders = prepare(script, folder, done=lambda item: console.print(f"rendered  {item.name}"))
    play(
        script,
        folders,
        Door(host, port, called=called),
        stop=threading.Event(),
        told=lambda item: console.print(f"sent      {item.arrival.name}"),
    )


@app.command
def gallery(folder: Path = Path("gallery"), *, pathway: str = "", seed: int = 1) -> None:
    """Write one synthetic study for each class of disease, of hard negative and of study that cannot be judged.

    Judge them with ``codestroke models evaluate stroke --dicom gallery --labels gallery/labels.csv``.

    Args:
        folder: to write the studies and ``labels.csv`` to.
        pathway: stroke, aorta or chest; all where absent.
        seed: of the synthetic patients.
    """
    from rich.console import Console  # noqa: PLC0415 - loads only what it needs

    from simulator.gallery import write_gallery  # noqa: PLC0415

    console = Console()
    labels = write_gallery(folder, seed=seed, pathway=pathway, done=lambda item: console.print(f"wrote  {item.name}"))
    console.print(f"labels: {labels}")
