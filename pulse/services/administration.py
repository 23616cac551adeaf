"""The set-up, as a manager's form: read, checked against Slack, previewed, saved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pulse.core.cadence import Moments, local_date, next_moments
from pulse.core.errors import NotNow, SlackFault
from pulse.core.items import choose
from pulse.core.language import N_, _, language_of, speaking
from pulse.core.model import Item, Side
from pulse.services.waves import Waves
from pulse.slack.web_api import Slack
from pulse.storage.catalogues import catalogue
from pulse.storage.sqlite.store import Setup
from pulse.views.setup import FormErrors, SetupForm, channel_fault

CHANGED = N_("The set-up was changed: {what}.")

DEFAULT_ITEMS = 4
"""Both anchors and two rotating items: then each rotating item comes up in any 12 waves."""

CHECK_S = 2.3
"""How long the check of a form may take: its ack is due within 3 s."""

CLOSE = 10
"""So many bots and guests at most are looked for in a small channel, one users.info each."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The first waves that a form would bring: the items of the first, as posted, and when they are."""

    items: tuple[Item, ...]
    waves: tuple[Moments, ...]


class Administration:
    """Reads and writes the set-up."""

    def __init__(self, waves: Waves, slack: Slack) -> None:
        self._waves, self._slack = waves, slack

    async def form(self, user: str) -> SetupForm:
        """The set-up as it stands, or defaults with the manager's own zone."""
        setup = self._waves.store.setup()
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
        person = await self._waves.roster.person(user)
        return SetupForm(
            starts_on=self._waves.clock().date().isoformat(),
            zone=person.zone,
            items=DEFAULT_ITEMS,
            language=language_of(person.locale),
        )

    def preview(self, form: SetupForm) -> Preview:
        """Raises ScheduleFault where the fields do not go together."""
        schedule, now = form.schedule(), self._waves.clock()
        waves = tuple(next_moments(schedule, now, 3))
        history = self._waves.store.askings()
        day = local_date(schedule, waves[0].opens_at)
        with speaking(catalogue(form.language)):
            return Preview(choose(self._waves.library.bank, history, day, form.items), waves)

    async def save(self, form: SetupForm) -> None:
        """Takes effect from the next wave on.

        Raises FormErrors for channels that cannot be used, NotNow where Slack is too slow to tell.
        """
        try:
            async with asyncio.timeout(CHECK_S):
                errors = await self._channel_errors(form)
        except TimeoutError as error:
            raise NotNow(
                _("Slack did not tell in time about these channels, so nothing was saved. Please try again.")
            ) from error
        if errors:
            raise FormErrors(errors, form)
        now = self._waves.clock()
        setup = Setup(
            form.schedule().as_record(),
            form.items,
            form.minimum,
            now,
            {side: form.channels(side) for side in Side},
            form.results,
            form.language,
        )
        await self._waves.store.save_setup(setup, now, _changes(self._waves.store.setup(), setup))

    async def _channel_errors(self, form: SetupForm) -> dict[str, str]:
        fields: Mapping[str, tuple[str, ...]] = {
            "marketing": form.marketing,
            "it": form.it,
            "results": form.results,
        }
        checks = [
            (field, self._channel_error(channel, form.minimum if field != "results" else 0))
            for field, channels in fields.items()
            for channel in channels
        ]
        # Side by side: the form's submission is acked after this, within 3 s.
        faults = await asyncio.gather(*(check for _field, check in checks))
        errors: dict[str, str] = {}
        for (field, _check), fault in zip(checks, faults, strict=True):
            if fault is not None:
                errors.setdefault(field, fault)
        return errors

    async def _channel_error(self, channel_id: str, minimum: int) -> str | None:
        try:
            channel = await self._slack.channel(channel_id)
            why = channel.unusable
            if not why and minimum and await self._people(channel_id, minimum) < minimum:
                why = "too_few"
        except SlackFault as fault:
            return channel_fault("", fault.code if fault.certain else "unreachable", minimum)
        return channel_fault(channel.name, why, minimum) if why else None

    async def _people(self, channel_id: str, minimum: int) -> int:
        """How many are in a channel; where it is close, without bots and guests, who are not asked."""
        members = await self._slack.members(channel_id)
        if len(members) >= minimum + CLOSE:
            return len(members)
        return await self._waves.roster.count(members)


def _changes(before: Setup | None, after: Setup) -> str:
    """The audit's line: what is new, in words that name no person."""
    if before is None:
        return N_("The pulse was set up.")
    changed = [
        word
        for word, old, new in (
            (N_("channels"), (before.channels, before.results), (after.channels, after.results)),
            (N_("schedule"), dict(before.schedule), dict(after.schedule)),
            (N_("questions in a pulse"), before.items, after.items),
            (N_("smallest group"), before.minimum, after.minimum),
            (N_("language of the posts"), before.language, after.language),
        )
        if old != new
    ]
    if not changed:
        return N_("The set-up was saved without a change.")
    return CHANGED.format(what=", ".join(changed))
