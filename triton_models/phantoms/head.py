"""A CTA head with a known occlusion, or none: the stroke pathway's synthetic patient.

Called by the simulator, by training and by the tests. What it returns as truth is exact by construction.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from schemas.findings import Side
from triton_models.phantoms.acquisition import Acquisition, acquired
from triton_models.phantoms.canvas import Canvas, Pose, Vector, coarse_sampling, first_voxel
from triton_models.phantoms.occlusion import Blocked, Occlusion, Segment, block, is_large, open_tree
from triton_models.phantoms.paint import Beads, Sampling, beads_between, paint_slabs
from triton_models.phantoms.scan import scan
from triton_models.phantoms.skull import Brain, HeadStyle, brain_of, draw_head, vein_beads, veins
from triton_models.phantoms.tree import ArterialTree
from triton_models.phantoms.willis import draw_tree

# 400 slices of 0.5 mm, 512 × 512: a thin-slice CTA of the head.
FULL = Sampling((400, 512, 512), (0.5, 0.45, 0.45))
SMALL = Sampling((160, 256, 256), (1.25, 0.9, 0.9))

_COARSE_MM = 1.5
_TISSUE_HU = 40.0
# Fresh clot is denser than brain (about 60–70 HU), unenhanced blood a little (about 45–55 HU).
_CLOT_ADDED_HU = 25.0
_PLAIN_BLOOD_HU = 10.0


@dataclass(frozen=True, slots=True)
class HeadParameters:
    """One synthetic head.

    Attributes:
        seed: same seed and settings, same voxels.
        occlusion: what is blocked, or None.
        contrast: False makes a plain, non-contrast scan.
        tree: the arteries; None draws them from the seed.
        arterial_hu, venous_hu: enhancement of arteries and sinuses.
        noise_hu: standard deviation per voxel.
        yaw_deg, roll_deg, pitch_deg, shift_mm: how the head lies; shift is x, y in mm.
        top_margin_mm: air above the vertex; negative where the vertex is not covered.
        style: how everything but the arteries looks.
        acquisition: what the scanner does beyond noise; ``noise_hu`` is then its own.
        calcified: plaques in vessel walls, values as they are added to soft tissue.
        clot_hu: how much denser than tissue the clot is.
    """

    seed: int
    occlusion: Occlusion | None = None
    contrast: bool = True
    tree: ArterialTree | None = None
    arterial_hu: float = 360.0
    venous_hu: float = 180.0
    noise_hu: float = 14.0
    yaw_deg: float = 0.0
    roll_deg: float = 0.0
    shift_mm: tuple[float, float] = (0.0, 0.0)
    top_margin_mm: float = 10.0
    pitch_deg: float = 0.0
    style: HeadStyle = field(default_factory=HeadStyle)
    acquisition: Acquisition | None = None
    calcified: Beads | None = None
    clot_hu: float = _CLOT_ADDED_HU


@dataclass(frozen=True, slots=True)
class HeadTruth:
    """What is true of a rendered head.

    Attributes:
        origin_lps_mm: x, y, z of the centre of voxel (0, 0, 0).
        spacing_mm: z, y, x.
        segment, side, site_lps_mm: of the occlusion; None, NONE and None without one.
    """

    origin_lps_mm: Vector
    spacing_mm: tuple[float, float, float]
    segment: Segment | None
    side: Side
    site_lps_mm: Vector | None


def render_head(parameters: HeadParameters, sampling: Sampling = SMALL) -> tuple[NDArray[np.int16], HeadTruth]:
    """Render a head.

    Returns:
        int16 HU, axes z,y,x growing to superior, posterior and the patient's left; and the truth.
    """
    tree, blocked, rng = _arteries(parameters)
    brain = brain_of(tree, parameters.style)
    pose = Pose.from_degrees(yaw=parameters.yaw_deg, roll=parameters.roll_deg, pitch=parameters.pitch_deg)
    origin = _origin(parameters, brain, pose, sampling)
    arteries, sinuses = _artery_beads(parameters, tree, blocked), _sinus_beads(parameters, brain, rng)
    canvas = _canvas(sampling, origin, pose)
    draw_head(canvas, brain, rng)
    _draw_canals(canvas, pose, tree)
    vessels = arteries.joined(sinuses)
    if parameters.calcified is not None:
        vessels = vessels.joined(parameters.calcified)
    slabs = paint_slabs(_placed(vessels, pose), sampling, origin)
    noise = parameters.noise_hu if parameters.acquisition is None else 0.0
    hu = scan(canvas, sampling, slabs, noise_hu=noise, rng=rng)
    truth = _truth(parameters, blocked, pose, origin, sampling)
    if parameters.acquisition is None:
        return hu, truth
    return _acquired(hu, truth, parameters.acquisition, rng)


def is_judgeable(parameters: HeadParameters) -> bool:
    """Whether the occlusion asked for is one of a large vessel, as ``occlusion.is_large`` says; open heads are."""
    if parameters.occlusion is None:
        return True
    tree, blocked, _ = _arteries(parameters)
    return is_large(tree, parameters.occlusion, blocked)


def _arteries(parameters: HeadParameters) -> tuple[ArterialTree, Blocked, Generator]:
    """The tree and what is blocked in it, and the generator that draws all else."""
    rng = np.random.default_rng([parameters.seed, 29])
    tree = parameters.tree or draw_tree(parameters.seed)
    return tree, block(tree, parameters.occlusion, rng) if parameters.occlusion else open_tree(tree), rng


def _acquired(
    hu: NDArray[np.int16], truth: HeadTruth, acquisition: Acquisition, rng: Generator
) -> tuple[NDArray[np.int16], HeadTruth]:
    """Let the scanner work on it; merged slices lie further apart and begin half a slice higher."""
    z, y, x = truth.spacing_mm
    ox, oy, oz = truth.origin_lps_mm
    merged = acquisition.merged
    return acquired(hu, truth.spacing_mm, acquisition, rng), dataclasses.replace(
        truth, spacing_mm=(z * merged, y, x), origin_lps_mm=(ox, oy, oz + z * (merged - 1) / 2)
    )


def _origin(parameters: HeadParameters, brain: Brain, pose: Pose, sampling: Sampling) -> Vector:
    """Place the field of view: its middle over the head, its top ``top_margin_mm`` above the vertex."""
    nz, ny, nx = sampling.shape_zyx
    dz, dy, dx = sampling.spacing_mm
    middle = pose.place(brain.centre_mm[None])[0]
    top = brain.vertex_mm + parameters.top_margin_mm
    return (
        float(middle[0]) - parameters.shift_mm[0] - dx * (nx - 1) / 2,
        float(middle[1]) - parameters.shift_mm[1] - dy * (ny - 1) / 2,
        top - dz * (nz - 1),
    )


def _canvas(sampling: Sampling, origin: Vector, pose: Pose) -> Canvas:
    coarse = coarse_sampling(sampling, _COARSE_MM)
    return Canvas(coarse, first_voxel(origin, sampling, coarse), pose)


def _artery_beads(parameters: HeadParameters, tree: ArterialTree, blocked: Blocked) -> Beads:
    """Arteries as beads in the anatomy's coordinates, from each point's parent to the point."""
    if parameters.contrast:
        added = blocked.filling * (parameters.arterial_hu - _TISSUE_HU)
    else:
        added = np.full(len(tree.parent), _PLAIN_BLOOD_HU)
    added = np.where(blocked.clot, parameters.clot_hu, added)
    radius = tree.radius_mm * blocked.calibre
    own = np.flatnonzero(tree.parent >= 0)
    above = tree.parent[own]
    start = Beads(tree.points_mm[above], radius[above], added[own])
    end = Beads(tree.points_mm[own], radius[own], added[own])
    seen = np.minimum(start.radius_mm, end.radius_mm) > 0.0
    return beads_between(start.only(seen), end.only(seen), 0.4)


def _sinus_beads(parameters: HeadParameters, brain: Brain, rng: Generator) -> Beads:
    added = parameters.venous_hu - _TISSUE_HU if parameters.contrast else _PLAIN_BLOOD_HU
    return vein_beads(veins(brain, rng, added))


def _draw_canals(canvas: Canvas, pose: Pose, tree: ArterialTree) -> None:
    """Clear the way of the carotids through the skull base, so that their lumen is not bone."""
    low = (tree.artery == 0) & (tree.points_mm[:, 2] < 0.0) & (tree.radius_mm > 0.0)
    ones = np.ones(int(low.sum()))
    canvas.beads(Beads(pose.place(tree.points_mm[low]), tree.radius_mm[low] + 0.8, ones), _TISSUE_HU)


def _placed(beads: Beads, pose: Pose) -> Beads:
    return Beads(pose.place(beads.centres_mm), beads.radius_mm, beads.added_hu)


def _truth(parameters: HeadParameters, blocked: Blocked, pose: Pose, origin: Vector, sampling: Sampling) -> HeadTruth:
    occlusion = parameters.occlusion
    if occlusion is None:
        return HeadTruth(origin, sampling.spacing_mm, None, Side.NONE, None)
    x, y, z = (float(v) for v in pose.place(blocked.site_mm[None])[0])
    return HeadTruth(origin, sampling.spacing_mm, occlusion.segment, occlusion.side, (x, y, z))
