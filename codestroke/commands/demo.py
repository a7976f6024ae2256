"""``codestroke demo``: a whole codestroke on this machine, and a scripted shift of synthetic patients."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from codestroke.demo.cast import climbing_cast
from codestroke.demo.scene import Scene, SceneSettings, open_scene
from codestroke.demo.story import Tell, document, play_shift, render_studies
from simulator.gallery import gallery_shift
from simulator.shift import demo_shift

Json = Annotated[bool, Parameter(name="--json", negative=())]
EXIT_BROKEN = 1
_BANNER = "[bold]codestroke demo[/] - synthetic patients only. Research software, not a medical device."
# Short times of the outbox algorithm: the simulated carrier lists a message after 0.2 s.
_PIN = "2580"
_PAGING = (
    ("CODESTROKE_BOARD__PIN", _PIN),
    ("CODESTROKE_PAGING__SETTLE_S", "1"),
    ("CODESTROKE_PAGING__LEASE_S", "5"),
    ("CODESTROKE_PAGING__RECEIPT_POLL_S", "1"),
    ("CODESTROKE_PAGING__REPLY_POLL_S", "0.5"),
)


def demo(
    *,
    headless: bool = False,
    as_json: Json = False,
    gallery: bool = False,
    seed: int = 1,
    board_port: int = 0,
    home: Path = Path(".codestroke/demo"),
    cache: Path | None = None,
) -> None:
    """Play a shift on this machine: real Kafka, PostgreSQL and Triton, all roles, a simulated phone network.

    Args:
        headless: end after the shift instead of leaving the board open until Ctrl-C.
        as_json: print one JSON document as the last line.
        gallery: play one study for each class of disease, of hard negative and of study that cannot be judged.
        seed: of the synthetic patients and studies.
        board_port: port of the live board; 0 chooses a free one.
        home: data of the demo; emptied first.
        cache: downloads, kept between runs.
    """
    console = Console(stderr=as_json)
    console.print(_BANNER)
    stop = _stop_on_signals()
    started, shift = time.monotonic(), gallery_shift(seed) if gallery else demo_shift(seed)
    downloads = cache or Path(os.environ.get("CODESTROKE_CACHE", Path.home() / ".cache" / "codestroke"))
    folders = render_studies(shift, downloads / "studies", console)
    cast = climbing_cast(answer_after_s=2.0)
    settings = SceneSettings(home=home, cache=downloads, board_port=board_port, cast=cast, extra=_PAGING)
    with open_scene(settings, console) as scene:
        console.print(f"board:     [bold]{scene.board_url}[/]   (PIN to answer there: {_PIN})")
        played = play_shift(scene, shift, folders, stop=stop, tell=_teller(console))
        result = document(played, scene, logs=_logs(scene)) | {"wall_s": round(time.monotonic() - started, 1)}
        _conclude(console, result)
        if not headless and not stop.is_set():
            console.print(f"the board stays at {scene.board_url} until Ctrl-C")
            stop.wait()
    if as_json:
        print(json.dumps(result, default=str))  # noqa: T201 - the last line is for programs
    if result["invariants_broken"]:
        sys.exit(EXIT_BROKEN)


def _teller(console: Console) -> Tell:
    started = time.monotonic()

    def tell(line: str) -> None:
        console.print(f"{time.monotonic() - started:6.1f} s  {line}", highlight=False, markup=False)

    return tell


def _logs(scene: Scene) -> list[str]:
    return [scene.fleet.log(name).read_text(errors="replace") for name in scene.fleet.names]


def _conclude(console: Console, result: dict[str, Any]) -> None:
    broken: list[str] = result["invariants_broken"]
    if broken:
        console.print("[red]broken:[/]")
        for line in broken:
            console.print(f"  {line}", markup=False)
        return
    console.print(
        f"[green]all invariants held[/]: lost {result['lost']}, doubled {result['doubled']}; first page accepted "
        f"{result['first_page_accepted_s']} s after the roles were up"
    )


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return stop
