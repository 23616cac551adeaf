"""Cards that people ask for: results, trends, published figures. Each is kept until something changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

from pulse.core.baselines import Ledger, has_figures
from pulse.core.errors import BadRequest
from pulse.core.items import Bank
from pulse.core.language import _, speaking, spoken
from pulse.core.model import Item
from pulse.core.reports import Trail, WaveReport
from pulse.slack.pictures import Pictures
from pulse.slack.readers import Readers
from pulse.views import scores, trend
from pulse.views.baselines import baselines_message
from pulse.views.certainty import certainty_message, certainty_view
from pulse.views.message import Message, View, pictures_of
from pulse.views.results import results_chart, results_details, results_message
from pulse.views.scores import share_button, shared_card

Card = tuple[Message, bool]
"""A card, and whether it has the picture that it should have."""


class Reference(Protocol):
    """The questions that can be asked, and the published figures."""

    @property
    def bank(self) -> Bank: ...
    @property
    def ledger(self) -> Ledger: ...


class Published(Protocol):
    """What cards are made of. `pulse.services.results.Results` says what each method does."""

    async def catch_up(self) -> int: ...
    async def edition(self) -> Hashable: ...
    async def notes_edition(self) -> Hashable: ...
    def zone(self) -> ZoneInfo: ...
    def library(self) -> Reference: ...
    async def last(self) -> WaveReport | None: ...
    async def empty_since(self) -> date | None: ...
    async def details(self, wave_id: str) -> WaveReport: ...
    async def last_with(self, item: Item) -> WaveReport | None: ...
    async def trail(self, item: Item) -> Trail | None: ...
    def first_anchor(self) -> Item: ...
    def item_meant(self, word: str) -> Item: ...


class Cards:
    """Makes cards of what was published, in the language that is being spoken."""

    def __init__(self, published: Published, pictures: Pictures, readers: Readers) -> None:
        self._published, self._pictures, self._readers = published, pictures, readers
        self._edition: Hashable = None
        self._prepared: int | None = None
        """How many waves were closed when cards were made ahead; None before the first time."""
        self._made: dict[tuple[Hashable, ...], Message] = {}

    async def prepare(self) -> None:
        """Reads newly closed waves, and makes the cards asked for first, in the language of the posts.

        The trend's picture is made after a close but not at a start, as each upload stays in Slack.
        """
        count = await self._published.catch_up()
        before, self._prepared = self._prepared, count
        if before == count:
            return
        with speaking(self._readers.posts()):
            await self.scores("")
            if before is not None:
                await self.trend("")

    async def results(self, report: WaveReport) -> Message:
        """The results as they are posted."""
        zone = self._published.zone()
        picture = await self._pictures.file_id(results_chart(report, zone=zone))
        return results_message(report, file_id=picture, zone=zone)

    async def details(self, wave_id: str) -> View:
        """Everything that may be said of a closed wave. Raises BadRequest if there is no such wave."""
        return results_details(await self._published.details(wave_id), zone=self._published.zone())

    async def certainty(self, wave_id: str) -> View:
        """How sure a closed wave's results are. Raises BadRequest if there is no such wave."""
        return certainty_view(await self._published.details(wave_id))

    async def scores(self, word: str, *, shareable: bool = True) -> Message:
        """The last closed wave, or one question of it in full. Raises BadRequest for an unknown question."""
        item = self._published.item_meant(word) if word else None
        about = ("scores", item.id if item else "", shareable)
        return await self._once(about, lambda: self._scores(item, shareable))

    async def trend(self, word: str, *, shareable: bool = True) -> Message:
        """One question over all closed waves; without a word, the first anchor's. Raises BadRequest."""
        item = self._published.item_meant(word) if word else self._published.first_anchor()
        about = ("trend", item.id, shareable, await self._published.notes_edition())
        return await self._once(about, lambda: self._trend(item, shareable))

    def baselines(self, word: str, *, shareable: bool = True) -> Message:
        """The published figures of a question or topic, or the list of topics."""
        library = self._published.library()
        card = baselines_message(word, library.bank, library.ledger)
        share = share_button(f"baselines:{word}", shareable and self._has_figures(word))
        return Message(card.text, [*card.blocks, *share])

    async def power(self) -> Message:
        """How sure the last results are, and what more answers would show."""
        return certainty_message(await self._published.last())

    async def shared(self, what: str, by: str) -> Message:
        """The card behind a Share button, for everybody, in the sharer's name. Raises BadRequest."""
        with speaking(self._readers.posts()):
            return shared_card(await self._unshared(what), by)

    async def _unshared(self, what: str) -> Message:
        kind, _colon, word = what.partition(":")
        if kind == "scores":
            return await self.scores(word, shareable=False)
        if kind == "trend":
            return await self.trend(word, shareable=False)
        if kind == "baselines" and self._has_figures(word):
            return self.baselines(word, shareable=False)
        raise BadRequest(_("There is nothing to share behind that button."))

    def forget_pictures(self, message: Message) -> None:
        """After Slack has refused the pictures of a card: whoever asks for it next gets new ones."""
        files = pictures_of(message)
        self._pictures.forget(files)
        self._made = {about: made for about, made in self._made.items() if not pictures_of(made) & files}

    async def _once(self, about: tuple[Hashable, ...], make: Callable[[], Awaitable[Card]]) -> Message:
        """A card, made once per language until the next edition, and again while its picture is missing."""
        edition = await self._published.edition()
        if edition != self._edition:
            self._edition = edition
            self._made.clear()
        key = (spoken(), *about)
        if key not in self._made:
            card, complete = await make()
            if not complete or edition != self._edition:
                return card
            self._made[key] = card
        return self._made[key]

    async def _scores(self, item: Item | None, shareable: bool) -> Card:
        zone = self._published.zone()
        if item is None:
            last, empty = await self._published.last(), await self._published.empty_since()
            share = shareable and last is not None
            return scores.scores_message(last, empty=empty, shareable=share, zone=zone), True
        asked = await self._published.last_with(item)
        found = asked.of(item.id) if asked else None
        if asked is None or found is None:
            return scores.score_card(None, item, zone=zone), True
        picture = await self._pictures.file_id(scores.score_chart(found, zone=zone))
        card = scores.score_card(asked, item, file_id=picture, shareable=shareable, zone=zone)
        return card, picture is not None

    async def _trend(self, item: Item, shareable: bool) -> Card:
        zone = self._published.zone()
        found = await self._published.trail(item)
        if found is None:
            return trend.trend_message(None, item, zone=zone), True
        picture = await self._pictures.file_id(trend.trend_chart(found, zone=zone))
        card = trend.trend_message(found, item, file_id=picture, shareable=shareable, zone=zone)
        return card, picture is not None

    def _has_figures(self, word: str) -> bool:
        library = self._published.library()
        return not word or library.bank.get(word) is not None or has_figures(word, library.ledger)
