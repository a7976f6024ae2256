"""Synthetic patients: seeded, and clearly nobody.

Names begin with SYNTHETIC and ids with SYN, so that they are recognised wherever they turn up; the tests look for
exactly these strings where no patient data may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

_FAMILIES = ("ALDER", "BIRCH", "CEDAR", "ELM", "HAZEL", "JUNIPER", "LARCH", "MAPLE", "ROWAN", "WILLOW")
_GIVEN = {"F": ("ADA", "BEA", "CORA", "DORA", "EVE"), "M": ("ABE", "BEN", "CARL", "DAN", "EMIL")}
_YOUNGEST_DAYS, _OLDEST_DAYS = 50 * 365, 90 * 365
_EPOCH = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Patient:
    """A person who does not exist; ``sex`` is F or M (PS3.3 C.7.1.1)."""

    name: str
    patient_id: str
    birth_date: date
    sex: str
    accession: str

    @property
    def canaries(self) -> tuple[str, ...]:
        """Strings that must never leave the store and the PACS."""
        return (self.name, self.name.split("^")[0], self.patient_id, f"{self.birth_date:%Y%m%d}", self.accession)


def make_patient(seed: int, number: int) -> Patient:
    """Make patient ``number`` of the hospital ``seed``: the same every time."""
    rng = np.random.default_rng([seed, number, 7])
    sex = "F" if rng.random() < 0.5 else "M"  # noqa: PLR2004 - a coin
    family, given = rng.choice(_FAMILIES), rng.choice(_GIVEN[sex])
    born = _EPOCH - timedelta(days=int(rng.integers(_YOUNGEST_DAYS, _OLDEST_DAYS)))
    return Patient(
        name=f"SYNTHETIC-{family}^{given}",
        patient_id=f"SYN{seed:04d}{number:05d}",
        birth_date=born,
        sex=sex,
        accession=f"SYNACC{seed:04d}{number:05d}",
    )
