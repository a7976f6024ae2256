"""From a spec to DICOM datasets: phantom, header, damage. The same seed gives the same study.

Rendering is lazy: one slice is in memory beside the phantom.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

import numpy as np
from pydicom.dataset import FileDataset

from simulator import exhibits
from simulator.damage import damaged
from simulator.patients import Patient, make_patient
from simulator.specs import AbdomenCt, ChestFilm, FilmModality, GalleryStudy, HeadCt, Size, Spec
from simulator.studies.ct import Scan, localizer, slices
from simulator.studies.film import film
from simulator.studies.header import StudyHeader, uid_root
from triton_models.phantoms.abdomen import AbdomenParameters, render_abdomen
from triton_models.phantoms.film import FilmParameters, render_film
from triton_models.phantoms.head import FULL, SMALL, HeadParameters, render_head
from triton_models.phantoms.occlusion import Occlusion

_TAKEN_AT = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
_KNEE_SHAPE = (40, 128, 128)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One study to be made: who, what and how urgent; ``number`` tells studies of one seed apart."""

    seed: int
    number: int
    spec: Spec
    priority: str = "ROUTINE"

    @property
    def study_uid(self) -> str:
        """StudyInstanceUID that the study will have."""
        return f"{uid_root(self.seed, self.number)}.0"

    @property
    def patient(self) -> Patient:
        """The patient."""
        return make_patient(self.seed, self.number)


def render(order: Order, *, taken_at: datetime = _TAKEN_AT) -> Iterator[FileDataset]:
    """Make the instances of a study, in the order in which a scanner sends them."""
    spec = order.spec
    if isinstance(spec, HeadCt):
        return damaged(_head(order, spec, taken_at), spec.damage)
    if isinstance(spec, AbdomenCt):
        return damaged(_abdomen(order, spec, taken_at), spec.damage)
    if isinstance(spec, ChestFilm):
        return damaged(_film(order, spec, taken_at), spec.damage)
    if isinstance(spec, GalleryStudy):
        return damaged(_exhibit(order, spec, taken_at), spec.damage)
    return damaged(_knee(order, taken_at), spec.damage)


def _header(order: Order, taken_at: datetime, *, modality: str, body_part: str, description: str) -> StudyHeader:
    return StudyHeader(
        root=uid_root(order.seed, order.number),
        patient=order.patient,
        modality=modality,
        description=f"SYNTHETIC {description}",
        body_part=body_part,
        priority=order.priority,
        taken_at=taken_at,
    )


def _series(study: StudyHeader, scan: Scan, description: str) -> Iterable[FileDataset]:
    return chain([localizer(study, scan, number=1)], slices(study, scan, number=2, description=description))


def _head(order: Order, spec: HeadCt, taken_at: datetime) -> Iterable[FileDataset]:
    rng = np.random.default_rng([order.seed, order.number, 3])
    blocked = Occlusion(spec.occlusion, spec.side) if spec.occlusion else None
    parameters = HeadParameters(
        seed=order.seed * 1000 + order.number,
        occlusion=blocked,
        contrast=spec.contrast,
        yaw_deg=float(rng.normal(0, 2)),
        roll_deg=float(rng.normal(0, 2)),
    )
    hu, truth = render_head(parameters, FULL if spec.size is Size.FULL else SMALL)
    scan = Scan(hu=hu, spacing_mm=truth.spacing_mm, origin_lps_mm=truth.origin_lps_mm, contrast=spec.contrast)
    name = "CTA HEAD" if spec.contrast else "CT HEAD PLAIN"
    study = _header(order, taken_at, modality="CT", body_part="HEAD", description=name)
    return _series(study, scan, f"{name} {truth.spacing_mm[0]:g} {scan.kernel}")


def _abdomen(order: Order, spec: AbdomenCt, taken_at: datetime) -> Iterable[FileDataset]:
    parameters = AbdomenParameters(
        seed=order.seed * 1000 + order.number, max_diameter_mm=spec.diameter_mm, contrast=spec.contrast
    )
    hu, truth = render_abdomen(parameters)
    scan = Scan(hu=hu, spacing_mm=truth.spacing_mm, origin_lps_mm=truth.origin_lps_mm, contrast=spec.contrast)
    study = _header(order, taken_at, modality="CT", body_part="ABDOMEN", description="CT ABDOMEN")
    return _series(study, scan, "ABDOMEN B30f")


def _film(order: Order, spec: ChestFilm, taken_at: datetime) -> Iterator[FileDataset]:
    parameters = FilmParameters(seed=order.seed * 1000 + order.number, consolidation=spec.consolidation)
    picture, _ = render_film(parameters, (spec.rows, spec.rows))
    study = _header(order, taken_at, modality=spec.modality, body_part="CHEST", description=f"CHEST {spec.view}")
    yield film(study, picture, view=spec.view)


def _exhibit(order: Order, spec: GalleryStudy, taken_at: datetime) -> Iterable[FileDataset]:
    if spec.pathway == "chest":
        return _drawn_film(order, spec, taken_at)
    if spec.pathway == "aorta":
        scan = exhibits.abdomen_scan(spec.name)
        study = _header(order, taken_at, modality="CT", body_part="ABDOMEN", description="CT ABDOMEN")
        return _series(study, scan, "ABDOMEN B30f")
    scan = exhibits.head_scan(exhibits.head_of(spec.name))
    name = "CTA HEAD" if scan.contrast else "CT HEAD PLAIN"
    study = _header(order, taken_at, modality="CT", body_part="HEAD", description=name)
    return _series(study, scan, f"{name} {scan.spacing_mm[0]:g} {scan.kernel}")


def _drawn_film(order: Order, spec: GalleryStudy, taken_at: datetime) -> Iterator[FileDataset]:
    drawn = exhibits.film_of(spec.name)
    modality = FilmModality.CR if drawn.photometric == "MONOCHROME1" else FilmModality.DX
    study = _header(order, taken_at, modality=modality, body_part="CHEST", description="CHEST")
    yield film(study, drawn.pixels, view=drawn.view)


def _knee(order: Order, taken_at: datetime) -> Iterator[FileDataset]:
    rng = np.random.default_rng([order.seed, order.number, 5])
    z, y, x = np.ogrid[: _KNEE_SHAPE[0], -64:64, -64:64]
    radius = np.sqrt(y * y + x * x) + 0 * z
    hu = np.where(radius < 22, 700, np.where(radius < 50, 50, -1000)) + rng.normal(0, 12, _KNEE_SHAPE)  # noqa: PLR2004
    scan = Scan(hu=hu.astype(np.int16), spacing_mm=(2.0, 1.2, 1.2), origin_lps_mm=(-76.0, -76.0, 0.0), contrast=False)
    study = _header(order, taken_at, modality="CT", body_part="KNEE", description="CT KNEE")
    yield from _series(study, scan, "KNEE BONE")
