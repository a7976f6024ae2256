"""What a call says, as TwiML made by the library's builder: the script, the wait for a key, the answer to a key.

Who calls it: the voice channel for a new call, the board's webhook for what follows a key. It decides no more than how
often a script is said. The page's mark travels as a comment, which is not spoken.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Comment

from twilio.twiml import TwiML
from twilio.twiml.voice_response import Gather, VoiceResponse

from alerting.core.keys import ROUNDS, KeyOutcome
from alerting.core.speech import ANSWERS, GOODBYE, spoken
from alerting.core.wording import marker_in

_KEY_WAIT_S = 10
_PAUSE_S = 1


class _Remark(TwiML):  # type: ignore[misc]  # the library has no types
    """A comment: the provider keeps the document and speaks nothing of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def xml(self) -> Any:
        """The element that the builder puts into the document."""
        return Comment(f" {self._text} ")


def call_twiml(script: str, *, keys_url: str | None, language: str) -> str:
    """A whole call: the script up to three times, a key ends it early; without ``keys_url`` nobody waits for one."""
    response = VoiceResponse()
    if mark := marker_in(script):
        response.append(_Remark(mark))
    response.pause(length=_PAUSE_S)
    for _ in range(ROUNDS):
        _say_once(response, spoken(script), keys_url, language)
    response.hangup()
    return str(response)


def answer_twiml(outcome: KeyOutcome, script: str, *, keys_url: str | None, language: str) -> str:
    """What follows a key: thanks and the end, or the script once more; without ``keys_url`` no more rounds are left."""
    response = VoiceResponse()
    response.say(ANSWERS[outcome], language=language)
    if outcome.asks_again and keys_url is not None:
        _say_once(response, spoken(script), keys_url, language)
    if outcome.asks_again:
        response.say(GOODBYE, language=language)
    response.hangup()
    return str(response)


def _say_once(response: VoiceResponse, words: str, keys_url: str | None, language: str) -> None:
    if keys_url is None:
        response.say(words, language=language)
        response.pause(length=_PAUSE_S)
        return
    gather = Gather(action=keys_url, method="POST", input="dtmf", num_digits=1, timeout=_KEY_WAIT_S, finish_on_key="")
    gather.say(words, language=language)
    response.append(gather)
