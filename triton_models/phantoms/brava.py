"""Reads measured arterial trees (BraVa, Wright et al., NeuroImage 2013) into our axes.

SWC columns: id, type, x, y, z, radius, parent (mm); y grows to superior and z to posterior, so that in a right-handed
frame x grows to the patient's right. Which side of the file is which side of the person is by this convention.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from schemas.errors import BadSettings
from triton_models.phantoms.tree import ArterialTree, Artery

_ARTERY_OF_TYPE = {
    0: Artery.TRUNK,
    1: Artery.TRUNK,
    2: Artery.ACA_RIGHT,
    3: Artery.MCA_RIGHT,
    4: Artery.MCA_LEFT,
    5: Artery.ACA_LEFT,
    6: Artery.PCA_RIGHT,
    7: Artery.PCA_LEFT,
}
# The scans stop some 20 mm below the circle of Willis; carotids and basilar artery go on downwards.
_EXTEND_BELOW_MM = -12.0
_EXTENSION_MM = 60


def tree_files(data: Path) -> list[Path]:
    """List the trees under the data folder, in a stable order.

    Raises:
        BadSettings: there are none.
    """
    files = sorted((data / "head" / "brava_swc").glob("*.swc"))
    if not files:
        raise BadSettings("CODESTROKE_DATA holds no head/brava_swc/*.swc", reason="no_data")
    return files


def read_tree(path: Path) -> ArterialTree:
    """Read one tree and move its origin midway between the two starts of the middle cerebral arteries."""
    table = np.loadtxt(path, ndmin=2)
    row_of = {int(identifier): row for row, identifier in enumerate(table[:, 0])}
    parent = np.array([row_of.get(int(p), -1) for p in table[:, 6]], np.int64)
    artery = np.array([int(_ARTERY_OF_TYPE[int(kind)]) for kind in table[:, 1]], np.int64)
    points = table[:, [2, 4, 3]] * [-1.0, 1.0, 1.0]
    tree = ArterialTree(points, table[:, 5].copy(), parent, artery)
    starts = [points[tree.start_of(mca)] for mca in (Artery.MCA_LEFT, Artery.MCA_RIGHT)]
    return _extended(ArterialTree(points - np.mean(starts, axis=0), tree.radius_mm, parent, artery))


def _extended(tree: ArterialTree) -> ArterialTree:
    """Lengthen the cut ends of carotids and basilar artery downwards."""
    is_parent = np.zeros(len(tree.parent), bool)
    is_parent[tree.parent[tree.parent >= 0]] = True
    ends = np.flatnonzero(
        (~is_parent | (tree.parent < 0)) & (tree.artery == 0) & (tree.points_mm[:, 2] < _EXTEND_BELOW_MM)
    )
    points, radius, parent = [tree.points_mm], [tree.radius_mm], [tree.parent]
    count = len(tree.parent)
    for end in ends:
        down = tree.points_mm[end] + np.outer(np.arange(1, _EXTENSION_MM + 1), [0.0, 0.1, -1.0])
        links = np.arange(count - 1, count + _EXTENSION_MM - 1)
        links[0] = end
        points.append(down)
        radius.append(np.full(_EXTENSION_MM, max(float(tree.radius_mm[end]), 1.4)))
        parent.append(links)
        count += _EXTENSION_MM
    artery = np.concatenate([tree.artery, np.zeros(count - len(tree.artery), np.int64)])
    return ArterialTree(np.concatenate(points), np.concatenate(radius), np.concatenate(parent), artery)
