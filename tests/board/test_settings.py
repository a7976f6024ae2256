"""Settings of the board."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from board.settings import BoardSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [("timezone", "Mars/Olympus"), ("public_url", "board.example"), ("port", 70_000), ("colour", "red"), ("title", "")],
)
def test_a_bad_or_unknown_setting_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        BoardSettings.model_validate({name: value})


def test_signatures_cover_the_public_address_where_there_is_one() -> None:
    assert BoardSettings(port=8081).webhook_base == "http://127.0.0.1:8081"
    assert BoardSettings(public_url="https://board.example/").webhook_base == "https://board.example"
