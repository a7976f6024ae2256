"""A pager process that kills itself (SIGKILL) before or after the request that creates a message.

Run by ``test_kill``: ``python -m tests.alerting.pager.killed_pager STORE_URL CARRIER_URL PHASE``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from alerting.channels.port import Outbound, Receipt
from alerting.channels.twilio.settings import TwilioSettings
from alerting.channels.twilio.sms import TwilioSms
from alerting.core.contacts import ChannelName
from alerting.core.sending import SendOutcome
from alerting.pager.publishing import NoEvents
from alerting.pager.service import Pager, PagerPorts
from alerting.roster import StaticRoster
from simulator.carrier.settings import CarrierSettings
from store.engine import StoreSettings, open_engine
from tests.alerting.pager.harness import paging


class DeadlyChannel:
    """A channel whose process dies in the given phase of ``send``."""

    def __init__(self, inner: TwilioSms, phase: str) -> None:
        self._inner, self._phase = inner, phase

    @property
    def timeout_s(self) -> float:
        return self._inner.timeout_s

    async def send(self, message: Outbound) -> SendOutcome:
        if self._phase == "before_send":
            os.kill(os.getpid(), signal.SIGKILL)
        outcome = await self._inner.send(message)
        if self._phase == "after_send":
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    async def find(self, message: Outbound) -> Sequence[Receipt]:
        return await self._inner.find(message)

    async def receipt(self, sid: str) -> Receipt:
        return await self._inner.receipt(sid)


async def main(store_url: str, carrier_url: str, phase: str) -> None:
    account, store = CarrierSettings(), StoreSettings.model_validate({"url": store_url})
    twilio = TwilioSettings(
        account_sid=account.account_sid,
        auth_token=account.auth_token,
        from_number=account.number,
        base_url=carrier_url,
        timeout_s=1.0,
    )
    sms, settings = TwilioSms(twilio), paging()
    ports = PagerPorts(
        engine=open_engine(store),
        store=store,
        channels={ChannelName.SMS: DeadlyChannel(sms, phase)},
        people=StaticRoster(settings),
        events=NoEvents(),
        inbox=sms,
    )
    await Pager(settings, ports, CollectorRegistry()).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
