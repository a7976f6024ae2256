"""Whom the pager may page, over which channels and by which policy: settings and rota, read together.

Made once a process; who is on call is asked at every step, because it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from alerting.core.contacts import ChannelName, Contact, Directory, Roster
from alerting.core.escalation import Policy, Step
from alerting.settings import PagingSettings, PolicySettings


class People(Roster, Directory, Protocol):
    """Who is on call, and who is who."""


class Rules:
    """The policies of the teams and the people of their tiers."""

    def __init__(
        self, settings: PagingSettings, people: People, *, channels: Iterable[ChannelName] = tuple(ChannelName)
    ) -> None:
        self.settings = settings
        self.people = people
        self._channels = frozenset(channels)
        self._policies = {team: policy_of(settings, team) for team in settings.teams}

    def policy(self, team: str) -> Policy:
        """The policy of a team; a team that the settings do not know has the default one and nobody in it."""
        return self._policies.get(team) or policy_of(self.settings, team)

    def tiers(self, team: str, now: datetime) -> tuple[tuple[Contact, ...], ...]:
        """The people of a team at ``now``."""
        return tuple(tuple(self._reached(person) for person in tier) for tier in self.people.tiers(team, now))

    def known(self, codes: Sequence[str]) -> list[Contact]:
        """The people with these codes; a code that is nobody's any more is left out."""
        found = (self.people.contact(code) for code in codes)
        return [self._reached(person) for person in found if person is not None]

    def _reached(self, person: Contact) -> Contact:
        """The person with those channels alone that this pager has."""
        return replace(person, channels=person.channels & self._channels)

    @property
    def longest_gap(self) -> timedelta:
        """No next step of any team is ever further away than this."""
        return max((policy.longest_gap for policy in self._policies.values()), default=timedelta(hours=1))


def policy_of(settings: PagingSettings, team: str) -> Policy:
    """The policy of a team as the core knows it."""
    given: PolicySettings = settings.policy_of(team)
    steps = tuple(
        Step(timedelta(seconds=step.after_s), None if step.tier == "everyone" else step.tier, step.channels)
        for step in given.steps
    )
    return Policy(steps, timedelta(seconds=given.alarm_after_s), settings.quorum_of(team))
