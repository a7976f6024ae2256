"""Watches any DICOMweb server by QIDO-RS (PS3.18 section 10.6): the studies of today whose count has changed.

Who calls it: the poll loop. A server's count says what is there, not what will be: it never makes a study ready.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pydicom.datadict import tag_for_keyword

from schemas.errors import BadDicom, PeerUnavailable
from schemas.ids import is_uid
from streams.gateway.facts import HEADER_KEYWORDS, InstanceFacts, Values
from streams.gateway.index import PIXELS_NOT_SEEN, HeldInstance
from streams.gateway.settings import QidoWatch
from streams.gateway.syntaxes import STORAGE_CLASSES
from streams.gateway.watch.client import PacsClient
from streams.gateway.watch.loop import Faults, WatchContext

_log = structlog.get_logger(__name__)
_DICOM_JSON = "application/dicom+json"
_PAGE = 500
_MAX_PAGES = 40
# A server may count an instance before its search finds it; after this many polls its count is taken for wrong.
_MAX_SHORT_POLLS = 30

Attributes = Mapping[str, Any]
"""One object of the DICOM JSON model (PS3.18 annex F), by eight-digit tag."""

# These say what the server holds now; read as "expected" they would end the wait too soon.
_SERVER_COUNTS = frozenset({"NumberOfStudyRelatedInstances", "NumberOfSeriesRelatedInstances"})
_TAGS = {word: f"{tag_for_keyword(word):08X}" for word in HEADER_KEYWORDS if tag_for_keyword(word) is not None}
_STUDY_UID, _SERIES_UID, _COUNT = "0020000D", "0020000E", "00201208"
_AVAILABLE_SYNTAX = "00083002"  # Available Transfer Syntax UID (PS3.18 table 10.6.3-5), where given


class QidoWatcher:
    """Compares the counts of today's studies with the last ones, which are kept in the index."""

    def __init__(self, client: PacsClient, own: QidoWatch, context: WatchContext) -> None:
        self._client = client
        self._own = own
        self._context = context
        self._cursor_name = f"qido:{own.alias}"
        self._short_polls: Counter[str] = Counter()

    async def poll(self) -> bool:
        """Ask for the studies once; see ``Watcher``."""
        counts = await self._counts()
        stored = self._context.index.cursor(self._cursor_name)
        known: dict[str, int] = json.loads(stored) if stored else {}
        if stored is None and not self._own.from_start:
            self._context.index.set_cursor(self._cursor_name, json.dumps(counts))
            return False
        await self._report_changed(counts, known)
        return False

    async def _report_changed(self, counts: Mapping[str, int], known: dict[str, int]) -> None:
        faults = Faults()
        for study_uid in [uid for uid, count in counts.items() if known.get(uid) != count]:
            try:
                found = await self._report(study_uid)
            except PeerUnavailable as error:
                faults.note(error)
                continue
            if self._is_short(study_uid, found, counts[study_uid]):
                continue
            known[study_uid] = counts[study_uid]
            self._context.index.set_cursor(
                self._cursor_name, json.dumps({uid: known[uid] for uid in counts if uid in known})
            )
        faults.raise_first()

    def _is_short(self, study_uid: str, found: int, counted: int) -> bool:
        """Whether the study must be asked for again, because fewer instances were found than counted."""
        self._short_polls[study_uid] += 1
        if found < counted and self._short_polls[study_uid] < _MAX_SHORT_POLLS:
            return True
        del self._short_polls[study_uid]
        return False

    async def _counts(self) -> dict[str, int]:
        today = datetime.now(self._context.facts.zone).date()
        first = today - timedelta(days=self._own.days)
        params = {"StudyDate": f"{first:%Y%m%d}-{today:%Y%m%d}", "includefield": _COUNT}
        studies = await self._pages("/studies", params)
        counted = ((_text(study, _STUDY_UID), _text(study, _COUNT)) for study in studies)
        return {uid: int(count) if count.isdecimal() else 0 for uid, count in counted if is_uid(uid)}

    async def _report(self, study_uid: str) -> int:
        """Report all instances of a study; return how many objects the server listed."""
        fields = {"includefield": ",".join(_TAGS.values())}
        series = await self._pages(f"/studies/{study_uid}/series", fields)
        instances = await self._pages(f"/studies/{study_uid}/instances", fields)
        by_series = {_text(one, _SERIES_UID): one for one in series}
        now = datetime.now(UTC)
        merged = ({**by_series.get(_text(one, _SERIES_UID), {}), **one} for one in instances)
        facts = [self._facts(one, study_uid) for one in merged]
        await self._context.report(
            [HeldInstance(one, self._own.alias, PIXELS_NOT_SEEN, now) for one in facts if one is not None]
        )
        return len(instances)

    def _facts(self, attributes: Attributes, study_uid: str) -> InstanceFacts | None:
        try:
            values = _values_of({**attributes, _STUDY_UID: {"Value": [study_uid]}})
            facts = self._context.facts(values, _text(attributes, _AVAILABLE_SYNTAX))
        except BadDicom as error:
            _log.warning("pacs_instance_refused", peer=self._own.alias, reason=error.reason)
            return None
        return facts if facts.sop_class_uid in STORAGE_CLASSES else None

    async def _pages(self, path: str, params: Mapping[str, str]) -> list[Attributes]:
        """All pages of a search; servers cap a page as they like, so an empty one or a repeat ends it."""
        found: list[Attributes] = []
        for _ in range(_MAX_PAGES):
            objects = await self._client.get_objects(
                path, {**params, "limit": str(_PAGE), "offset": str(len(found))}, accept=_DICOM_JSON
            )
            if not objects or objects[0] in found[:1]:
                break
            found += objects
        return found


def _values_of(attributes: Attributes) -> Values:
    def values(keyword: str) -> Sequence[str]:
        return [] if keyword in _SERVER_COUNTS else _all_texts(attributes, _TAGS.get(keyword, ""))

    return values


def _all_texts(attributes: Attributes, tag: str) -> list[str]:
    element = attributes.get(tag)
    many = element.get("Value") if isinstance(element, dict) else None
    return [str(one) for one in many if isinstance(one, str | int | float)] if isinstance(many, list) else []


def _text(attributes: Attributes, tag: str) -> str:
    return next(iter(_all_texts(attributes, tag)), "")
