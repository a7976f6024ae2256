"""Invented patients, to be planted where a model or a header might put words, and looked for where none may be.

A canary is found in any spelling: case and punctuation do not matter, and a date is looked for in every usual order.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import date, timedelta

_FAMILY = ("Quartermaine", "Vanderbrugge", "Oyelaran", "Szczepanski", "Ferreira-Lobo", "Thistlewood", "Haraldsdottir")
_GIVEN = ("Philippa", "Bartholomew", "Oluwaseun", "Ekaterina", "Maximiliano", "Wilhelmina", "Thorvaldur")
_NOT_WORDS = re.compile(r"[^A-Z0-9]")


@dataclass(frozen=True, slots=True)
class Patient:
    """Nobody: name, record number, accession number and birth date of a person who does not exist."""

    family: str
    given: str
    record: str
    accession: str
    born: date

    def spellings(self) -> tuple[str, ...]:
        """What a model or a header might write."""
        born = self.born
        return (
            f"{self.family}^{self.given}".upper(),
            f"{self.given} {self.family}",
            self.family.lower(),
            f"MRN {self.record}",
            self.record,
            self.accession,
            f"{born:%Y%m%d}",
            f"{born:%d.%m.%Y}",
            f"{born:%d %B %Y}",
        )

    def traces_in(self, text: str) -> list[str]:
        """What of this patient stands in ``text``."""
        plain = _NOT_WORDS.sub("", text.upper())
        born = self.born
        words = (self.family, self.given, self.record, self.accession)
        dates = (f"{born:%Y%m%d}", f"{born:%d%m%Y}", f"{born:%m%d%Y}", f"{born:%d%B%Y}", f"{born:%B%d%Y}")
        looked_for = [_NOT_WORDS.sub("", word.upper()) for word in (*words, *dates)]
        found = [word for word in looked_for if word in plain]
        return found + re.findall(rf"\b{born.year}\b", text)


def invent(rng: random.Random) -> Patient:
    """Invent a patient."""
    return Patient(
        family=rng.choice(_FAMILY),
        given=rng.choice(_GIVEN),
        record=f"{rng.randrange(10**7, 10**8)}",
        accession=f"ACC{rng.randrange(10**8, 10**9)}",
        born=date(1925, 1, 1) + timedelta(days=rng.randrange(36_000)),
    )
