"""A shift of all exhibits, and the same as a folder of studies with a label file for ``codestroke models evaluate``."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from schemas.findings import FindingState, Side
from simulator.exhibits import Exhibit, exhibits
from simulator.render import Order
from simulator.shift import Arrival, Expectation, Shift, prepare
from simulator.specs import GalleryStudy

LABELS = "labels.csv"
_EVERY_S = 4.0
_FIRST = 500


def gallery_shift(seed: int = 1, pathway: str = "") -> Shift:
    """One study of each class, of one pathway or of all, a few seconds apart."""
    chosen = [item for item in exhibits() if pathway in ("", item.pathway)]
    return Shift([_arrival(item, seed, number) for number, item in enumerate(chosen)], occlusion_leads=False)


def write_gallery(
    folder: Path, *, seed: int = 1, pathway: str = "", done: Callable[[Arrival], None] = lambda _: None
) -> Path:
    """Write the studies below ``folder`` with a label file beside them; returns the label file."""
    shift = gallery_shift(seed, pathway)
    prepare(shift, folder, done=done)
    chosen = [item for item in exhibits() if pathway in ("", item.pathway)]
    labels = folder / LABELS
    with labels.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["study_uid", "label", "side", "segment", "diameter_mm", "group"])
        for arrival, item in zip(shift.arrivals, chosen, strict=True):
            size = "" if item.diameter_mm is None else f"{item.diameter_mm:.2f}"
            writer.writerow([arrival.order.study_uid, item.label, item.side, item.segment, size, item.name])
    return labels


def _arrival(item: Exhibit, seed: int, number: int) -> Arrival:
    return Arrival(
        name=f"{item.pathway}: {item.name}",
        at_s=_EVERY_S * number,
        order=Order(seed=seed, number=_FIRST + number, spec=GalleryStudy(pathway=item.pathway, name=item.name)),
        expected=Expectation(
            pathway=item.pathway,
            outcome=item.outcome,
            # A well study must be scored and page nobody; "cannot tell" is allowed to it.
            finding=None if item.state is FindingState.NOT_DETECTED else item.state,
            side=Side(item.side) if item.side else None,
            pages=item.pages,
        ),
    )
