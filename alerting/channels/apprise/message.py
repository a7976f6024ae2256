"""Messages by Apprise: a second provider that shares nothing with the phone carrier.

Who calls it: the pager, through the port. The provider answers yes or "no or perhaps", keeps no list and gives no
receipt: an attempt that was not confirmed is in doubt, and the pager gives it up for another way. Replies to a message
are read by nobody, and the message says so. Addresses hold passwords and tokens: they are never logged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat
from apprise.common import PersistentStoreMode
from apprise.exception import AppriseException
from pydantic import SecretStr

from alerting.channels.apprise.settings import MessageSettings
from alerting.channels.port import NO_LIST, Outbound, Receipt, ReceiptState
from alerting.core.sending import SendKind, SendOutcome
from schemas.errors import BadSettings, PeerUnavailable

_THREADS = 8
_TITLE = "codestroke page"
_HOW_TO_ANSWER = "Answer by text message or on the board: replies to this message are not read."
_FAILURES = (AppriseException, OSError, TypeError, ValueError)
"""What the library and its plugins raise; errors of requests and of sockets are among them."""
_NO_ADDRESS = SendOutcome(kind=SendKind.PERMANENT, reason="no_address")


class AppriseMessages:
    """Implements ``Channel``; a message goes to the address of the person's code.

    Args:
        addresses: person code to Apprise address.
        settings: patience.

    Raises:
        BadSettings: an address is none; the message names the person, never the address.
    """

    def __init__(self, addresses: Mapping[str, SecretStr], settings: MessageSettings) -> None:
        # Its messages name hosts and paths, and a path of a web hook is its password.
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        self._addresses = dict(addresses)
        self._settings = settings
        self._asset = AppriseAsset(async_mode=False, storage_mode=PersistentStoreMode.MEMORY, secure_logging=True)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="message")
        for code in self._addresses:
            self._plugin(code)

    @property
    def timeout_s(self) -> float:
        """The longest that one attempt takes."""
        return self._settings.timeout_s

    async def send(self, message: Outbound) -> SendOutcome:
        """Hand over one message; whatever is not a clear yes may have arrived all the same."""
        if message.recipient not in self._addresses:
            return _NO_ADDRESS
        loop = asyncio.get_running_loop()
        try:
            handing_over = loop.run_in_executor(self._threads, self._notify, message)
            confirmed = await asyncio.wait_for(handing_over, timeout=self._settings.timeout_s)
        except TimeoutError:
            return SendOutcome(kind=SendKind.AMBIGUOUS, reason="timeout")
        except (*_FAILURES, BadSettings) as error:
            return SendOutcome(kind=SendKind.AMBIGUOUS, reason=f"failed_{type(error).__name__}")
        if not confirmed:
            return SendOutcome(kind=SendKind.AMBIGUOUS, reason="not_confirmed")
        return SendOutcome(kind=SendKind.ACCEPTED, reason="handed_over", sid=f"message/{message.attempt_id}")

    async def find(self, message: Outbound) -> Sequence[Receipt]:
        """There is no list to look through.

        Raises:
            PeerUnavailable: always.
        """
        raise PeerUnavailable("the message provider keeps no list of what it accepted", reason=NO_LIST)

    async def receipt(self, sid: str) -> Receipt:
        """Nothing is ever heard of a message that was handed over."""
        return Receipt(sid=sid, state=ReceiptState.ON_ITS_WAY, status="handed_over")

    async def close(self) -> None:
        """Begin nothing more; what is under way ends with its socket's time-out."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _notify(self, message: Outbound) -> bool:
        body = f"{message.body}\n\n{_HOW_TO_ANSWER}"
        return self._plugin(message.recipient).notify(body=body, title=_TITLE, body_format=NotifyFormat.TEXT)

    def _plugin(self, code: str) -> NotifyBase:
        """A sender of its own for each message: the library's are not made for several threads."""
        plugin = Apprise.instantiate(self._addresses[code].get_secret_value(), asset=self._asset)
        if plugin is None:
            raise BadSettings(f"paging.contacts: the message_url of {code} is no Apprise address")
        plugin.socket_connect_timeout = plugin.socket_read_timeout = self._settings.socket_timeout_s
        # Trying again is the pager's decision, and so is the pace.
        plugin.retry, plugin.request_rate_per_sec = 0, 0
        return plugin
