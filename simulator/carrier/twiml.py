"""Reading TwiML as a phone does: what is said, and where a key goes. Only the verbs that a page uses.

Who calls it: the calls and the people who take them. A document that is none, or that has a verb we do not know, is
refused, as Twilio would end the call with an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

_VERBS = frozenset({"Response", "Say", "Gather", "Pause", "Hangup"})
_LONGEST = 4000  # Twilio, Calls resource: parameter Twiml


class BadTwiml(ValueError):
    """Not a document that a call can follow."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a call says (each sentence once), its remarks, and the address of the first wait for a key."""

    said: str
    remarks: tuple[str, ...]
    keys_url: str | None


def read(text: str) -> Document:
    """Read a document.

    Raises:
        BadTwiml: too long, not XML, or a verb that is not known here.
    """
    elements = list(_parse(text).iter())
    verbs = [element for element in elements if isinstance(element.tag, str)]
    unknown = {element.tag for element in verbs} - _VERBS
    if unknown or verbs[0].tag != "Response":
        raise BadTwiml(f"verbs {sorted(unknown)} in {verbs[0].tag}")
    said = dict.fromkeys((element.text or "").strip() for element in verbs if element.tag == "Say")
    gathers = [element.get("action", "") for element in verbs if element.tag == "Gather"]
    remarks = tuple((element.text or "").strip() for element in elements if not isinstance(element.tag, str))
    return Document(" ".join(said), remarks, gathers[0] if gathers else None)


def _parse(text: str) -> Element:
    # Entities need a document type; without one there is nothing to expand.
    if len(text) > _LONGEST or "<!DOCTYPE" in text:
        raise BadTwiml("too long, or with a document type")
    parser = XMLParser(target=TreeBuilder(insert_comments=True))  # noqa: S314  # no document type, see above
    try:
        parser.feed(text)
        return parser.close()
    except ParseError as error:
        raise BadTwiml(str(error)) from error
