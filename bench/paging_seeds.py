"""What a seed of the paging harness is: people, phones, faults, callbacks and kills, all drawn from one number.

Who calls it: ``bench.paging_runs`` and its tests. It draws and starts nothing. Times are short but keep the order
that real ones have: the provider's list lags less than the settle time, a lease leaves room for an attempt and for it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from alerting.settings import PagingSettings
from simulator.carrier.settings import CarrierSettings, Fault, FaultSettings, PhoneCall, PhoneSettings

TEAM = "stroke"
TIMEOUT_S = 0.8
SETTLE_S = 1.1
LEASE_S = 2.8
LOOKUP_BUDGET_S = 1.5
_WEBHOOK_SHARE = 0.35
_POLICY = {
    "steps": [
        {"after_s": 0, "tier": 1, "channels": ["sms"]},
        {"after_s": 1.5, "tier": 1, "channels": ["voice"]},
        {"after_s": 3.0, "tier": 2, "channels": ["sms", "voice"]},
        {"after_s": 4.5, "tier": "everyone", "channels": ["sms"]},
    ],
    "alarm_after_s": 6.0,
}
_FAULTS = tuple(fault for fault in Fault if fault is not Fault.NONE)
_ANSWERS = {"1 {code}": 0.35, "3 {code}": 0.14, "2 {code}": 0.08, "what is this": 0.05, "STOP": 0.03, None: 0.35}
_TASKS = {"page-": (0.45, 40), "send": (0.15, 60), "escalate": (0.15, 80), "replies": (0.08, 60), "": (0.17, 600)}
"""Names of the pager's tasks to (share of the kills, the latest step of such tasks at which one happens)."""


@dataclass(frozen=True, slots=True)
class KillPoint:
    """Kill the process before the ``step``-th step of tasks whose name begins with ``tasks``."""

    tasks: str
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One seed, drawn.

    Attributes:
        seed: the number.
        opens_at_s: when each incident opens, in seconds from the start.
        numbers: person code to phone number.
        tiers: person codes.
        phones: who holds them and what they do.
        faults: of the carrier.
        list_lag_s: after which an accepted message is in the carrier's list.
        webhook: whether the carrier calls back; otherwise the pagers ask.
        kills: for each pager the kill points of its lives; the life after the last one is not ended.
    """

    seed: int
    opens_at_s: tuple[float, ...]
    numbers: dict[str, str]
    tiers: tuple[tuple[str, ...], ...]
    phones: tuple[PhoneSettings, ...]
    faults: FaultSettings
    list_lag_s: float
    webhook: bool
    kills: tuple[tuple[KillPoint, ...], ...]

    def paging(self, public_url: str | None) -> PagingSettings:
        """The pagers' settings; ``public_url`` of the webhooks in a seed that has them."""
        return PagingSettings.model_validate(
            {
                "contacts": [{"code": code, "number": number} for code, number in self.numbers.items()],
                "teams": {TEAM: {"tiers": self.tiers, "policy": "short"}},
                "policies": {"short": _POLICY},
                "mode": "webhook" if public_url else "outbound_only",
                "public_url": public_url,
                "lease_s": LEASE_S,
                "settle_s": SETTLE_S,
                "settle_least_s": SETTLE_S,
                "lookup_budget_s": LOOKUP_BUDGET_S,
                "poll_s": 0.2,
                "receipt_poll_s": 0.5,
                "reply_poll_s": 0.3,
            }
        )

    def carrier(self, sms_webhook_url: str | None) -> CarrierSettings:
        """The carrier's settings."""
        return CarrierSettings(
            phones=self.phones,
            sms_webhook_url=sms_webhook_url,
            list_lag_s=self.list_lag_s,
            sent_after_s=0.05,
            delivered_after_s=0.15,
            dial_after_s=0.1,
            longest_ring_s=0.8,
            hold_s=0.3,
            faults=self.faults,
            seed=self.seed,
        )


def draw(seed: int) -> Scenario:
    """Draw a scenario; the same number gives the same one."""
    rng = random.Random(f"paging/{seed}")
    numbers = {f"person-{index}": f"+4477009{seed % 1000:03d}{index:02d}" for index in range(1, rng.randint(1, 3) + 1)}
    codes = list(numbers)
    tiers = (tuple(codes),) if len(codes) == 1 else (tuple(codes[:-1]), tuple(codes[-1:]))
    webhook = rng.random() < _WEBHOOK_SHARE
    return Scenario(
        seed=seed,
        opens_at_s=(0.0, *(round(rng.uniform(0.0, 1.5), 2) for _ in range(rng.randint(0, 2)))),
        numbers=numbers,
        tiers=tiers,
        phones=tuple(_phone(rng, number) for number in numbers.values()),
        faults=_faults(rng, webhook=webhook),
        list_lag_s=round(rng.uniform(0.3, 0.8), 2),
        webhook=webhook,
        kills=tuple(_kills(rng) for _ in range(2)),
    )


def calm() -> Scenario:
    """No fault and no kill: two LVOs within 5 s for one person, who takes both."""
    number = "+447700900001"
    return Scenario(
        seed=0,
        opens_at_s=(3.0, 5.0),
        numbers={"person-1": number},
        tiers=(("person-1",),),
        phones=(PhoneSettings(number=number, answer_after_s=1.0),),
        faults=FaultSettings(),
        list_lag_s=0.2,
        webhook=False,
        kills=((), ()),
    )


def _phone(rng: random.Random, number: str) -> PhoneSettings:
    return PhoneSettings(
        number=number,
        answer=rng.choices(list(_ANSWERS), weights=list(_ANSWERS.values()))[0],
        answer_after_s=round(rng.uniform(0.2, 2.5), 2),
        reachable=rng.random() > 0.1,
        call=rng.choices(list(PhoneCall), weights=[4, 3, 1, 2])[0],
        key=rng.choice(["4", "4", "6", "5", "*4", "9"]),
        ring_after_s=0.2,
        key_after_s=0.2,
    )


def _faults(rng: random.Random, *, webhook: bool) -> FaultSettings:
    if rng.random() < 0.15:
        script = [Fault.TOO_MANY] * rng.randint(2, 4)
    else:
        script = [rng.choice(_FAULTS) if rng.random() < 0.6 else Fault.NONE for _ in range(3)]
    later = rng.choice([0.0, 0.02, 0.05])
    shares = {"callback_lost": 0.5, "callback_twice": 0.5, "callbacks_reversed": 0.5, "callback_replayed": 0.5}
    chosen = {name: share for name, share in shares.items() if webhook and rng.random() < 0.5}
    return FaultSettings.model_validate(
        {
            "script": script,
            "create": dict.fromkeys(_FAULTS, later),
            "list_error": rng.choices([0.0, 0.3, 1.0], weights=[0.7, 0.22, 0.08])[0],
            "hang_s": 1.6,
            "retry_after_s": 0.2,
            "replayed_after_s": 1.0,
            "forged": 0.5 if webhook else 0.0,
            **chosen,
        }
    )


def _kills(rng: random.Random) -> tuple[KillPoint, ...]:
    return tuple(_kill(rng) for _ in range(rng.choices([0, 1, 2], weights=[0.2, 0.5, 0.3])[0]))


def _kill(rng: random.Random) -> KillPoint:
    tasks = rng.choices(list(_TASKS), weights=[share for share, _ in _TASKS.values()])[0]
    return KillPoint(tasks, rng.randint(1, _TASKS[tasks][1]))
