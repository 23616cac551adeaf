"""The set-up, as a manager's form: read, checked against Slack, previewed, saved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import available_timezones

from pulse.core.asked_items import asked_item
from pulse.core.audit import AuditCode, AuditEvent, SetupPart, setup_changed
from pulse.core.calendar import Moments, local_date, next_moments
from pulse.core.errors import BadRequest, NotNow, PulseError, SlackFault
from pulse.core.language import _, language_of
from pulse.core.library import Library
from pulse.core.model import BothSides, Item, Side
from pulse.core.question_plan import suggested_plan
from pulse.core.records import MessageKind, NewMessage, Setup
from pulse.core.setup_form import ChannelFault, NotNameable, SetupFault, SetupForm, UndecidedPeople
from pulse.core.zones import City, FoundZone, common_zones, find_zones
from pulse.services.choosing import next_items
from pulse.services.managers import Managers
from pulse.services.ports import ChannelLookup, Clock, Roster
from pulse.services.waves import Waves
from pulse.storage.port import Store

CHECK_S = 2.3
"""How long the check of a form may take: its ack is due within 3 s."""

"""Kinds of messages that tell channels about the set-up."""

CLOSE = 10
"""Up to this many members above the minimum, bots and guests are looked for, one users.info per member."""


MOST_LOOKED_UP = 60
"""Members of both sides who are looked up, at most: users.info allows about 100 a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The first waves that a form would bring: the items of the first, as posted, and the moments of each.

    `in_both` is how many people are in channels of both sides.
    """

    items: tuple[Item, ...]
    waves: tuple[Moments, ...]
    in_both: int


class SetupRefused(PulseError):
    """A form that cannot be saved: `faults` by the form's field. Nothing was saved."""

    def __init__(self, faults: Mapping[str, SetupFault]) -> None:
        super().__init__(_("Something in this form cannot be used. Nothing was saved."))
        self.faults = dict(faults)


class PulseSetup:
    """Reads and writes the set-up."""

    def __init__(
        self,
        *,
        store: Store,
        waves: Waves,
        roster: Roster,
        library: Library,
        lookup: ChannelLookup,
        managers: Managers,
        clock: Clock,
        cities: Callable[[], Sequence[City]],
    ) -> None:
        self._store, self._waves, self._roster, self._library = store, waves, roster, library
        self._lookup, self._managers, self._clock, self._cities = lookup, managers, clock, cities
        self._turn = asyncio.Lock()

    async def zones(self, typed: str) -> tuple[FoundZone, ...]:
        """The time zones that `typed` may mean; the common ones if nothing is typed."""
        known = available_timezones()
        if not typed.strip():
            return common_zones(known)
        cities = await asyncio.to_thread(self._cities)
        return find_zones(typed, cities, known, self._clock())

    def done(self) -> bool:
        """Whether there is a set-up."""
        return self._waves.saved_setup is not None

    async def form(self, user: str) -> SetupForm:
        """The saved set-up, or defaults with the manager's own zone and language."""
        setup = self._waves.saved_setup
        if setup is not None:
            return SetupForm.of(
                dict(setup.schedule),
                marketing=setup.channels[Side.MARKETING],
                it=setup.channels[Side.IT],
                results=setup.results,
                items=setup.items,
                minimum=setup.minimum,
                language=setup.language,
                readers=setup.readers,
                sharing=setup.sharing,
                both_sides=setup.both_sides,
            )
        person = await self._roster.person(user)
        return SetupForm(
            starts_on=self._clock().date().isoformat(),
            zone=person.zone,
            language=language_of(person.locale),
        )

    async def preview(self, form: SetupForm) -> Preview:
        """What the form would bring. Raises ScheduleFault if its fields contradict each other.

        `in_both` is 0 if Slack does not say who is in a channel.
        """
        schedule, now = form.schedule(), self._clock()
        waves = tuple(next_moments(schedule, now, 3))
        bank = self._library.in_language(form.language)
        day = local_date(schedule, waves[0].opens_at)
        chosen = await next_items(self._store, self._library, day, form.items)
        items = tuple(item for one in chosen if (item := asked_item(one.id, bank, self._waves.commitments)))
        try:
            in_both = await self._in_both(form)
        except SlackFault:
            in_both = 0
        return Preview(items=items, waves=waves, in_both=in_both)

    async def save(self, form: SetupForm) -> int:
        """Takes effect from the next wave on. Returns how many people are in channels of both sides.

        The first set-up begins with the suggested plan of questions. Channels are told what changes for them,
        and people in the form become managers. All of it is saved or nothing.
        Raises SetupRefused, ScheduleFault, SlackFault, StoreFault, and NotNow if Slack takes too long.
        """
        try:
            async with asyncio.timeout(CHECK_S):
                in_both = await self._check(form)
        except TimeoutError as error:
            raise NotNow(
                _("Slack did not tell in time about these channels, so nothing was saved. Please try again.")
            ) from error
        now = self._clock()
        setup = Setup(
            schedule={**form.schedule().as_record(), "skip_dates": " ".join(form.skip_dates.split())},
            items=form.items,
            minimum=form.minimum,
            since=now,
            channels={side: form.channels(side) for side in Side},
            results=form.results,
            language=form.language,
            readers=form.readers,
            sharing=form.sharing,
            both_sides=form.both_sides,
        )
        async with self._turn:
            before = self._waves.saved_setup
            chosen = before is not None or await self._store.question_plan() is not None
            plan = None if chosen else suggested_plan(self._library.source)
            change, messages = _change(before, setup), announcements(before, setup)
            await self._waves.save_setup(
                setup,
                change.as_json(),
                plan=plan,
                messages=messages,
                managers=[self._managers.pseudonym(user) for user in form.managers],
                named=AuditEvent(code=AuditCode.MANAGER_NAMED).as_json(),
            )
        return in_both

    async def _check(self, form: SetupForm) -> int:
        """How many people are in channels of both sides. Raises SetupRefused and SlackFault."""
        faults: dict[str, SetupFault] = {}
        # Both at once: the form's submission is acked after this, within 3 s.
        managers, channels = await asyncio.gather(self._manager_faults(form), self._channel_faults(form))
        faults |= managers
        faults |= channels or await self._isolating(form)
        in_both = 0 if faults.keys() - managers.keys() else await self._in_both(form)
        if in_both and form.both_sides is BothSides.UNDECIDED:
            faults["both_sides"] = UndecidedPeople(people=in_both)
        if faults:
            raise SetupRefused(faults)
        return in_both

    async def _manager_faults(self, form: SetupForm) -> dict[str, NotNameable]:
        try:
            await self._managers.nameable(form.managers, wanted=True)
        except BadRequest as error:
            return {"managers": NotNameable(sentence=str(error))}
        return {}

    async def _in_both(self, form: SetupForm) -> int:
        """How many people are in channels of both sides. Raises SlackFault.

        Members beyond MOST_LOOKED_UP count without a check that they are people.
        """
        sides = [await self._members(form.channels(side)) for side in Side]
        members = sorted(frozenset.intersection(*sides))
        looked_up = members[:MOST_LOOKED_UP]
        people = await asyncio.gather(*(self._roster.person(user) for user in looked_up))
        return sum(person.asked for person in people) + len(members) - len(looked_up)

    async def _members(self, channels: Sequence[str]) -> frozenset[str]:
        found = await asyncio.gather(*(self._lookup.members(channel) for channel in channels))
        return frozenset(user for members in found for user in members)

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
        # All at once: the form's submission is acked after this, within 3 s.
        found = await asyncio.gather(*(check for _field, check in checks))
        faults: dict[str, ChannelFault] = {}
        for (field, _check), fault in zip(checks, found, strict=True):
            if fault is not None:
                faults.setdefault(field, fault)
        return faults

    async def _isolating(self, form: SetupForm) -> dict[str, ChannelFault]:
        """Faults of sides that would change by fewer people than a result needs answers (docs/privacy.md)."""
        before = self._waves.saved_setup
        if before is None:
            return {}
        changed = [side for side in Side if set(before.channels[side]) != set(form.channels(side))]
        # Choosing the first rule is no change: until then these people are left out (decision 22).
        old_rule = before.both_sides or form.both_sides
        if not changed and old_rule is form.both_sides:
            return {}
        old = await self._counted(before.channels, old_rule)
        new = await self._counted({side: form.channels(side) for side in Side}, form.both_sides)
        minimum, faults = max(before.minimum, form.minimum), dict[str, ChannelFault]()
        for side in Side:
            if 0 < await self._people_of(old[side] ^ new[side], minimum) < minimum:
                # If not by its own channels, the side changes by the rule, or by the other side's channels.
                other = "both_sides" if old_rule is not form.both_sides else str(side.other)
                fault = ChannelFault(name="", code="isolates", minimum=minimum)
                faults.setdefault(str(side) if side in changed else other, fault)
        return faults

    async def _counted(
        self, channels: Mapping[Side, Sequence[str]], rule: BothSides
    ) -> dict[Side, frozenset[str]]:
        """Who counts for each side, guests and apps included. Raises SlackFault."""
        found = {side: await self._everyone(channels[side]) for side in Side}
        counted = (rule or BothSides.NOBODY).counted(tuple(Side))
        return {
            side: frozenset(found[side] if side in counted else found[side] - found[side.other])
            for side in Side
        }

    async def _people_of(self, moved: Collection[str], minimum: int) -> int:
        """How many of these members are people who are asked; exact only near the minimum."""
        if len(moved) >= minimum + CLOSE:
            return len(moved)
        people = await asyncio.gather(*(self._roster.person(user) for user in moved))
        return sum(person.asked for person in people)

    async def _everyone(self, channels: Sequence[str]) -> set[str]:
        """The members of channels, as ids; of a channel that cannot be read any more, nobody."""
        members = await asyncio.gather(*(self._readable_members(channel) for channel in channels))
        return set[str]().union(*members)

    async def _readable_members(self, channel: str) -> Sequence[str]:
        try:
            return await self._lookup.members(channel)
        except SlackFault as fault:
            if not fault.certain:
                raise
            return ()

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
        return await self._roster.count(members)


def announcements(before: Setup | None, after: Setup) -> tuple[NewMessage, ...]:
    """What channels are told: all of them at the first set-up, later those that a change concerns."""
    now = set(after.results).union(*after.channels.values())
    if before is None:
        return tuple(
            NewMessage(kind=MessageKind.WELCOME, channel=channel, at=after.since) for channel in sorted(now)
        )
    concerned = set(before.results) ^ set(after.results)
    for side in Side:
        if set(before.channels[side]) != set(after.channels[side]):
            concerned |= {*before.channels[side], *after.channels[side]}
    return tuple(
        NewMessage(kind=MessageKind.CHANNELS, channel=channel, at=after.since)
        for channel in sorted(concerned)
    )


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
        (SetupPart.READERS, (before.readers, before.sharing), (after.readers, after.sharing)),
        (SetupPart.BOTH_SIDES, before.both_sides, after.both_sides),
    )
    return setup_changed([part for part, old, new in compared if old != new])
