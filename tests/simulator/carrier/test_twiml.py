"""A call follows only documents that it knows."""

from __future__ import annotations

import pytest

from simulator.carrier.twiml import BadTwiml, read


def test_words_remarks_and_the_address_of_the_keys_are_read() -> None:
    document = read(
        "<Response><!-- #K7FQ-LVO1 --><Gather action='http://x/k?a=1&amp;b=2'><Say>Hello.</Say></Gather>"
        "<Gather action='http://x/k'><Say>Hello.</Say></Gather><Hangup/></Response>"
    )
    assert (document.said, document.remarks, document.keys_url) == ("Hello.", ("#K7FQ-LVO1",), "http://x/k?a=1&b=2")


@pytest.mark.parametrize(
    "text",
    ["", "hello", "<Response>", "<Say>x</Say>", "<Response><Dial>1</Dial></Response>",
     "<!DOCTYPE r [<!ENTITY a 'b'>]><Response/>", "<Response><Say>" + "x" * 4000 + "</Say></Response>"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadTwiml):
        read(text)
