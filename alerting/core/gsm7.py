"""The GSM 7-bit alphabet: which characters a one-segment text message may hold.

3GPP TS 23.038 section 6.2.1 (basic table) and 6.2.1.1 (extension table, two septets a character). One character
outside both makes the whole message UCS-2, 70 characters a segment.
"""

from __future__ import annotations

SEGMENT_SEPTETS = 160

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")


def septets(text: str) -> int | None:
    """Length of ``text`` in septets, or None where it does not fit the alphabet."""
    if any(character not in BASIC and character not in EXTENDED for character in text):
        return None
    return sum(2 if character in EXTENDED else 1 for character in text)


def is_one_segment(text: str) -> bool:
    """Say whether ``text`` goes out as one segment."""
    length = septets(text)
    return length is not None and 0 < length <= SEGMENT_SEPTETS
