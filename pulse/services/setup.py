"""The set-up, as a manager's form: read, checked against Slack, previewed, saved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pulse.core.audit import AuditCode, AuditEvent, SetupPart, setup_changed
from pulse.core.calendar import Moments, local_date, next_moments
from pulse.core.errors import NotNow, PulseError, SlackFault
from pulse.core.items import choose
from pulse.core.language import _, language_of
from pulse.core.library import Library
from pulse.core.model import Item, Side
from pulse.core.records import Setup
from pulse.core.setup_form import SetupForm
from pulse.services.ports import ChannelLookup, Clock, Roster
from pulse.storage.port import Store

DEFAULT_ITEMS = 4
"""Both anchors and two rotating items: then each rotating item comes up in any 12 waves."""

CHECK_S = 2.3
"""How long the check of a form may take: its ack is due within 3 s."""

CLOSE = 10
"""Members above the minimum up to which a channel's bots and guests are looked for, one users.info each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The first waves that a form would bring: the items of the first, as posted, and when they are."""

    items: tuple[Item, ...]
    waves: tuple[Moments, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFault:
    """Why a channel cannot be used: Slack's code, "shared", "too_few" or "unreachable".

    `name` is "" if Slack did not show the channel.
    """

    name: str
    code: str
    minimum: int


class ChannelsUnusable(PulseError):
    """Channels of a form that cannot be used: `faults` by the form's field. Nothing was saved."""

    def __init__(self, faults: Mapping[str, ChannelFault]) -> None:
        super().__init__(_("Some of these channels cannot be used. Nothing was saved."))
        self.faults = dict(faults)


class PulseSetup:
    """Reads and writes the set-up."""

    def __init__(
        self, *, store: Store, roster: Roster, library: Library, lookup: ChannelLookup, clock: Clock
    ) -> None:
        self._store, self._roster, self._library = store, roster, library
        self._lookup, self._clock = lookup, clock

    def done(self) -> bool:
        """Whether there is a set-up."""
        return self._store.setup() is not None

    async def form(self, user: str) -> SetupForm:
        """The set-up as it stands, or defaults with the manager's own zone and language."""
        setup = self._store.setup()
        if setup is not None:
            return SetupForm.of(
                dict(setup.schedule),
                marketing=setup.channels[Side.MARKETING],
                it=setup.channels[Side.IT],
                results=setup.results,
                items=setup.items,
                minimum=setup.minimum,
                language=setup.language,
            )
        person = await self._roster.person(user)
        return SetupForm(
            starts_on=self._clock().date().isoformat(),
            zone=person.zone,
            items=DEFAULT_ITEMS,
            language=language_of(person.locale),
        )

    def preview(self, form: SetupForm) -> Preview:
        """Raises ScheduleFault if the fields do not go together."""
        schedule, now = form.schedule(), self._clock()
        waves = tuple(next_moments(schedule, now, 3))
        bank = self._library.in_language(form.language)
        day = local_date(schedule, waves[0].opens_at)
        return Preview(items=choose(bank, self._store.askings(), day, form.items), waves=waves)

    async def save(self, form: SetupForm) -> None:
        """Takes effect from the next wave on.

        Raises ChannelsUnusable, and NotNow if Slack is too slow to tell.
        """
        try:
            async with asyncio.timeout(CHECK_S):
                faults = await self._channel_faults(form)
        except TimeoutError as error:
            raise NotNow(
                _("Slack did not tell in time about these channels, so nothing was saved. Please try again.")
            ) from error
        if faults:
            raise ChannelsUnusable(faults)
        now = self._clock()
        setup = Setup(
            schedule=form.schedule().as_record(),
            items=form.items,
            minimum=form.minimum,
            since=now,
            channels={side: form.channels(side) for side in Side},
            results=form.results,
            language=form.language,
        )
        await self._store.save_setup(setup, now, _change(self._store.setup(), setup).as_json())

    async def _channel_faults(self, form: SetupForm) -> dict[str, ChannelFault]:
        """The first fault of each field."""
        fields: Mapping[str, tuple[str, ...]] = {
            "marketing": form.marketing,
            "it": form.it,
            "results": form.results,
        }
        checks = [
            (field, self._channel_fault(channel, form.minimum if field != "results" else 0))
            for field, channels in fields.items()
            for channel in channels
        ]
        # Side by side: the form's submission is acked after this, within 3 s.
        found = await asyncio.gather(*(check for _field, check in checks))
        faults: dict[str, ChannelFault] = {}
        for (field, _check), fault in zip(checks, found, strict=True):
            if fault is not None:
                faults.setdefault(field, fault)
        return faults

    async def _channel_fault(self, channel_id: str, minimum: int) -> ChannelFault | None:
        """`minimum` is 0 for a channel that only gets the results."""
        try:
            channel = await self._lookup.channel(channel_id)
            code = channel.unusable
            if not code and minimum and await self._people(channel_id, minimum) < minimum:
                code = "too_few"
        except SlackFault as fault:
            code = fault.code if fault.certain else "unreachable"
            return ChannelFault(name="", code=code, minimum=minimum)
        return ChannelFault(name=channel.name, code=code, minimum=minimum) if code else None

    async def _people(self, channel_id: str, minimum: int) -> int:
        """How many are in a channel; near the minimum, without bots and guests, who are not asked."""
        members = await self._lookup.members(channel_id)
        if len(members) >= minimum + CLOSE:
            return len(members)
        people = await asyncio.gather(*(self._roster.person(user) for user in members))
        return sum(person.asked for person in people)


def _change(before: Setup | None, after: Setup) -> AuditEvent:
    """What is new, for the audit; it names no person."""
    if before is None:
        return AuditEvent(code=AuditCode.SET_UP)
    compared = (
        (SetupPart.CHANNELS, (before.channels, before.results), (after.channels, after.results)),
        (SetupPart.SCHEDULE, dict(before.schedule), dict(after.schedule)),
        (SetupPart.ITEMS, before.items, after.items),
        (SetupPart.MINIMUM, before.minimum, after.minimum),
        (SetupPart.LANGUAGE, before.language, after.language),
    )
    return setup_changed([part for part, old, new in compared if old != new])
