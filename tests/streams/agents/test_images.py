"""An event names its image source by alias; whatever else stands there leads nowhere."""

from __future__ import annotations

import pytest

from schemas.errors import PeerUnavailable
from streams.agents.images import Images
from tests.fakes.pathway import SaidImages

KNOWN = SaidImages()
IMAGES = Images({"spool": KNOWN}, KNOWN)


def test_a_configured_alias_is_found() -> None:
    assert IMAGES.source("spool") is KNOWN


@pytest.mark.parametrize(
    "alias", ["http://169.254.169.254/latest", "file:///etc/passwd", "../spool", "SPOOL", "", "spool\x00", "pacs"]
)
def test_anything_else_is_no_source_and_the_setting_is_named(alias: str) -> None:
    with pytest.raises(PeerUnavailable, match=r"worker\.sources") as caught:
        IMAGES.source(alias)
    assert caught.value.reason == "unknown_source"
