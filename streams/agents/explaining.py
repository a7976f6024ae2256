"""Draws and keeps the key image of a finding, after its outcome has been told: a picture must not delay a page.

Called by the analyser. A picture that cannot be drawn or kept is logged and counted, and the board says that there is
none; it never changes or takes back the outcome.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.errors import CodestrokeError
from schemas.events import CaseRequested
from store import key_images
from store.engine import transaction
from store.key_images import StoredKeyImage
from streams.agents import metrics
from triton_models.explanation.key_image import KeyImage, packed, png

_log = structlog.get_logger(__name__)

Draw = Callable[[], KeyImage | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """Keeps key images in the store."""

    engine: AsyncEngine
    now: Callable[[], datetime]

    async def explain(self, request: CaseRequested, draw: Draw) -> None:
        """Draw, encode and store; never raises anything but a cancellation."""
        start = time.perf_counter()
        try:
            await self._explain(request, draw)
        except CodestrokeError as error:
            self._missed(request, error.reason, str(error))
        except Exception as error:  # noqa: BLE001 - the outcome is told; a defect in drawing must not fail the case
            self._missed(request, "defect", repr(error)[:200])
        else:
            metrics.EXPLAIN_SECONDS.labels(request.pathway).observe(time.perf_counter() - start)

    async def _explain(self, request: CaseRequested, draw: Draw) -> None:
        if self.now() >= request.deadline:
            return self._missed(request, "deadline", "no time left for a picture")
        image = await asyncio.to_thread(draw)
        if image is None:
            return None
        picture, arrays = await asyncio.to_thread(lambda: (png(image), packed(image)))
        stored = StoredKeyImage(
            case_id=request.case_id,
            pathway=request.pathway,
            revision=request.revision,
            caption=image.caption,
            png=picture,
            arrays=arrays,
            made_at=self.now(),
        )
        async with transaction(self.engine) as connection:
            await key_images.record(connection, stored)
        return None

    def _missed(self, request: CaseRequested, reason: str, detail: str) -> None:
        metrics.UNEXPLAINED.labels(request.pathway, reason).inc()
        _log.warning("no_key_image", case_id=request.case_id, pathway=request.pathway, reason=reason, detail=detail)
