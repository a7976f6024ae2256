"""Which channels the pager role has."""

from __future__ import annotations

import pytest

from codestroke.roles.pager import message_channel
from codestroke.settings import Settings
from schemas.errors import BadSettings


def _settings(url: str | None) -> Settings:
    contact = {"code": "neuro-1", "number": "+447700900001", "message_url": url}
    return Settings.model_validate({"site_key": "k" * 16, "paging": {"contacts": [contact]}})


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_the_second_provider_is_there_where_a_contact_has_an_address() -> None:
    assert message_channel(_settings(None)) is None
    channel = message_channel(_settings("json://127.0.0.1:9/hook"))
    assert channel is not None
    await channel.close()


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_an_address_that_is_none_stops_the_start() -> None:
    with pytest.raises(BadSettings, match="neuro-1"):
        message_channel(_settings("nonsense://x"))
