"""Finds the pathways: every folder beside this file that exports ``PATHWAY``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from schemas.errors import BadSettings
from streams.pathways.base import Pathway


@cache
def all_pathways() -> tuple[Pathway, ...]:
    """All pathways, by name."""
    here = Path(__file__).parent
    names = sorted(module.name for module in pkgutil.iter_modules([str(here)]) if module.ispkg)
    found = [importlib.import_module(f"streams.pathways.{name}.pathway").PATHWAY for name in names]
    return tuple(found)


def find_pathway(name: str) -> Pathway:
    """The pathway called ``name``.

    Raises:
        BadSettings: there is none.
    """
    for pathway in all_pathways():
        if pathway.name == name:
            return pathway
    known = ", ".join(pathway.name for pathway in all_pathways())
    raise BadSettings(f"no pathway is called {name!r}; there are: {known}")
