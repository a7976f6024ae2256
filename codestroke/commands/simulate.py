"""``codestroke simulate``: the synthetic hospital's parts as processes of their own."""

from __future__ import annotations

import asyncio
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
