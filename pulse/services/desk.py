"""Looking things up: last results, trends, published figures, the Home tab, and the messages of the outbox.

Everything here is read from what was published at a close; nothing is computed from answers.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from pulse.core.baselines import Ledger
from pulse.core.cadence import SKIP_SENTENCES, describe
from pulse.core.errors import BadRequest, ChartNotDrawn, NotNow, NotYours, SlackFault
from pulse.core.items import Bank
from pulse.core.language import N_, _, retold, speaking, spoken
from pulse.core.model import Asked, ClosedWave, Item, Note, Side, SideTurnout
from pulse.core.reports import WaveReport, last_report, report, trail
from pulse.services.administration import CHANGED
from pulse.services.channels import Channels
from pulse.services.counts import poll_card
from pulse.services.managers import Managers
from pulse.services.waves import SKIPPED_BY_HAND, Waves, pseudonym
from pulse.slack.chart_worker import ChartWorker
from pulse.slack.outbox import Outbox
from pulse.slack.web_api import Slack
from pulse.storage.catalogues import for_posts, posted_in
from pulse.storage.export import files
from pulse.storage.library import Library
from pulse.storage.sqlite.store import OutboxMessage
from pulse.views import notices, scores, trend
from pulse.views.baselines import baselines_message, find_topic
from pulse.views.charts import Chart, alt_text
from pulse.views.home import ChannelStatus, HomeCard, LastResults, ManagerCard, OpenPulse
from pulse.views.message import Message, View, escape
from pulse.views.poll import PollCard, poll_message
from pulse.views.power import power_message
from pulse.views.results import results_chart, results_details, results_message
from pulse.views.scores import share_button, shared_card
from pulse.views.titles import title

NOTE_LIMIT = 200
TYPED_LIMIT = 40

CHANGES = 5
"""So many of the last changes are shown to managers."""

READ_AT_ONCE = 10
"""Closed waves: 20 ms of the loop."""

MOST_REPORTS = 20
"""Reports that are kept, some 100 kB each: the last one or two are asked for again and again."""

Card = tuple[Message, bool]
"""A card, and whether it has all that it should have."""

KEPT = (CHANGED, SKIPPED_BY_HAND, *SKIP_SENTENCES.values())
"""What the audit says with something filled in."""

_log = structlog.get_logger(__name__)


class Desk:
    """Answers for commands, the Home tab and the channels."""

    def __init__(
        self,
        waves: Waves,
        slack: Slack,
        managers: Managers,
        channels: Channels,
        chart_worker: ChartWorker,
        settle_s: float,
    ) -> None:
        self._waves, self._slack, self._managers, self._artist = waves, slack, managers, chart_worker
        self._channels = channels
        self._outbox = Outbox(waves.store, slack, self._render, waves.changing_polls, settle_s)
        self._closed: tuple[ClosedWave, ...] = ()
        self._reports: dict[tuple[str, str, str, int], WaveReport] = {}
        self._pictures: dict[str, str] = {}
        self._uploading = asyncio.Lock()
        self._prepared: int | None = None
        """How many closed waves there were when cards were made ahead; None before the first time."""
        self._cards: dict[tuple[object, ...], Message] = {}

    # --- the channels -----------------------------------------------------------------------------------

    async def deliver(self) -> None:
        """Posts what is due in the channels."""
        await self._outbox.deliver(self._waves.clock())

    async def _render(self, parcel: OutboxMessage) -> Message | None:
        """The message of a parcel, in the language of the posts; None where it is not due any more."""
        with speaking(for_posts(self._waves.store)):
            return await self._rendered(parcel)

    async def _rendered(self, parcel: OutboxMessage) -> Message | None:
        if parcel.kind == "poll":
            return self._poll(parcel)
        closed = next((wave for wave in self.closed() if wave.id == parcel.wave_id), None)
        if closed is None:
            return None
        if parcel.kind == "closing":
            return self._closed_poll(closed, parcel.channel)
        return await self._results(self._report(closed))

    def _poll(self, parcel: OutboxMessage) -> Message | None:
        wave = self._waves.open
        if wave is None or wave.id != parcel.wave_id:
            return None
        return poll_message(poll_card(self._waves, wave, wave.channels[parcel.channel], 0))

    def _closed_poll(self, wave: ClosedWave, channel: str) -> Message:
        side = self._waves.store.wave_channels(wave.id)[channel]
        items = tuple(item for id_ in wave.items if (item := self._waves.library.bank.get(id_)))
        counted = wave.turnout.get(side, SideTurnout(0, None))
        return poll_message(
            PollCard(
                wave.id,
                side,
                items,
                wave.closed_at,
                counted.roster,
                counted.answered,
                closed=True,
                minimum=wave.minimum,
            )
        )

    async def _results(self, made: WaveReport) -> Message:
        picture = await self._picture(results_chart(made, zone=self._zone()))
        return results_message(made, file_id=picture, zone=self._zone())

    async def _picture(self, chart: Chart) -> str | None:
        """The id of the uploaded chart; None where it cannot be drawn or uploaded: words say it all too."""
        key = hashlib.sha256(repr(chart).encode()).hexdigest()
        async with self._uploading:
            if key not in self._pictures:
                try:
                    png = await self._artist.draw(chart)
                    alt = alt_text(chart)
                    self._pictures[key] = await self._slack.upload(png, "pulse.png", alt[:100], alt)
                except (ChartNotDrawn, SlackFault) as error:
                    _log.warning("no picture", problem=str(error))
                    return None
            return self._pictures[key]

    # --- what was published -----------------------------------------------------------------------------

    def closed(self) -> tuple[ClosedWave, ...]:
        """All closed waves, the oldest first. They never change: only those closed since are read."""
        if self._waves.store.closed_count() != len(self._closed):
            self._read()
        return self._closed

    def _read(self, most: int = -1) -> None:
        newest = self._closed[-1].id if self._closed else 0
        self._closed += self._waves.store.closed_waves(newest, most)
        self._cards.clear()

    async def prepare(self) -> None:
        """Reads what was closed, a little at a time, and makes what people ask for first.

        After ten years reading takes a second: taps go through in between. The trend's picture is made at a
        close and not at a start, as it stays in Slack.
        """
        while (count := self._waves.store.closed_count()) > len(self._closed):
            self._read(READ_AT_ONCE)
            await asyncio.sleep(0)
        before, self._prepared = self._prepared, count
        if before == count:
            return
        with speaking(for_posts(self._waves.store)):
            await self.scores("")
            if before is not None:
                await self.trend("")

    async def _card(self, about: tuple[object, ...], make: Callable[[], Awaitable[Card]]) -> Message:
        """A card that follows from the closed waves: made once, in each language, until the next close.

        One without the picture that it should have is made again the next time.
        """
        self.closed()
        key = (spoken(), posted_in(self._waves.store), self._zone().key, *about)
        if key not in self._cards:
            card, complete = await make()
            if not complete:
                return card
            self._cards[key] = card
        return self._cards[key]

    def _library(self) -> Library:
        """What can be asked, in the reader's language, knowing in which it is asked."""
        return self._waves.library.asked_in(posted_in(self._waves.store))

    def _report(self, wave: ClosedWave) -> WaveReport:
        library = self._library()
        made = self._made(wave, self.closed(), library.bank, library.ledger)
        return replace(made, next_opens=self.next_opening())

    def _made(self, wave: ClosedWave, before: Sequence[ClosedWave], bank: Bank, ledger: Ledger) -> WaveReport:
        """A wave's report in the reader's language: a closed wave never changes, nor do those before it."""
        zone = self._zone()
        key = (spoken(), posted_in(self._waves.store), zone.key, wave.id)
        if key not in self._reports:
            self._reports[key] = report(wave, before, bank, ledger, zone=zone)
            while len(self._reports) > MOST_REPORTS:
                del self._reports[next(iter(self._reports))]
        return self._reports[key]

    def details(self, wave_id: int) -> View:
        """Everything that may be said of a closed wave. Raises BadRequest where there is none."""
        wave = next((wave for wave in self.closed() if wave.id == wave_id), None)
        if wave is None:
            raise BadRequest(_("There are no results of that pulse."))
        return results_details(self._report(wave), zone=self._zone())

    async def shared(self, what: str, by: str) -> Message:
        """The card behind a Share button, for everybody, in the sharer's name. Raises BadRequest."""
        with speaking(for_posts(self._waves.store)):
            return await self._shared(what, by)

    async def _shared(self, what: str, by: str) -> Message:
        kind, _colon, word = what.partition(":")
        if kind == "scores":
            card = await self.scores(word, shareable=False)
        elif kind == "trend":
            card = await self.trend(word, shareable=False)
        elif kind == "baselines" and self._has_figures(word):
            card = self.baselines(word, shareable=False)
        else:
            raise BadRequest(_("There is nothing to share behind that button."))
        return shared_card(card, by)

    async def scores(self, word: str, *, shareable: bool = True) -> Message:
        """The last closed wave, or one question of it in full. Raises BadRequest for an unknown question."""
        item = self._item(word) if word else None
        about = ("scores", item.id if item else "", shareable)
        return await self._card(about, lambda: self._scores(item, shareable))

    async def _scores(self, item: Item | None, shareable: bool) -> Card:
        closed, zone = self.closed(), self._zone()
        if item is None:
            made = self._report(closed[-1]) if closed else None
            return scores.scores_message(made, shareable=shareable and made is not None, zone=zone), True
        library = self._library()
        asked = last_report(item, closed, library.bank, library.ledger, self._made)
        found = asked.of(item.id) if asked else None
        if asked is None or found is None:
            return scores.score_card(None, item, zone=zone), True
        picture = await self._picture(scores.score_chart(found, asked, zone=zone))
        card = scores.score_card(asked, item, file_id=picture, shareable=shareable, zone=zone)
        return card, picture is not None

    async def trend(self, word: str, *, shareable: bool = True) -> Message:
        """One question over all closed waves, the first anchor's where none is named. Raises BadRequest."""
        item = self._item(word) if word else self._library().bank.asked(Asked.EVERY_WAVE)[0]
        notes = self._waves.store.notes()
        return await self._card(
            ("trend", item.id, shareable, notes), lambda: self._trend(item, notes, shareable)
        )

    async def _trend(self, item: Item, notes: tuple[Note, ...], shareable: bool) -> Card:
        library, zone = self._library(), self._zone()
        closed = self.closed()
        found = trail(item, closed, library.bank, library.ledger, notes, self._made, zone=zone)
        if found is None:
            return trend.trend_message(None, item, zone=zone), True
        picture = await self._picture(trend.trend_chart(found, zone=zone))
        card = trend.trend_message(found, item, file_id=picture, shareable=shareable, zone=zone)
        return card, picture is not None

    def baselines(self, word: str, *, shareable: bool = True) -> Message:
        """The published figures of a question or topic, or the list of topics."""
        library = self._library()
        card = baselines_message(word, library.bank, library.ledger)
        share = share_button(f"baselines:{word}", shareable and self._has_figures(word))
        return Message(card.text, [*card.blocks, *share])

    def _has_figures(self, word: str) -> bool:
        library = self._library()
        found = library.bank.get(word) or library.ledger.get(word) or find_topic(word)
        return not word or found is not None

    def power(self) -> Message:
        """What the answers of the last wave can show, and what more of them would."""
        return power_message(self.closed()[-1] if self.closed() else None)

    def _item(self, word: str) -> Item:
        """The item that is meant by an id or a word of its question. Raises BadRequest with the nearest."""
        bank = self._waves.library.bank
        item = bank.get(word)
        near = bank.suggest(word)
        if item is not None or len(near) == 1:
            return item or near[0]
        if near:
            names = ", ".join(f"{item.id} ({title(item)})" for item in near)
            raise BadRequest(
                _("Which question is meant by “{word}”? The nearest are {names}.").format(
                    word=word[:TYPED_LIMIT], names=names
                )
            )
        raise BadRequest(
            _("There is no question “{word}”. /pulse baselines lists the topics and their questions.").format(
                word=word[:TYPED_LIMIT]
            )
        )

    # --- people -----------------------------------------------------------------------------------------

    def privacy(self, user: str) -> notices.PrivacyCard:
        """What is stored now, with the reader's own answers while a wave is open."""
        wave = self._waves.open
        setup = self._waves.store.setup()
        minimum = wave.minimum if wave else setup.minimum if setup else 5
        return notices.PrivacyCard(minimum, wave.closes_at if wave else None, self._kept(user))

    def _kept(self, user: str) -> notices.OwnAnswers | None:
        """What the file holds of a person, whatever channels that person is in now."""
        wave = self._waves.open
        if wave is None:
            return None
        person = pseudonym(wave, user)
        side = self._waves.store.side_of(wave.id, person)
        if side is None:
            return None
        answers = self._waves.store.answers_of(wave.id, person)
        return notices.OwnAnswers(wave.id, side, self._waves.items_of(wave), answers)

    async def status(self, user: str) -> notices.StatusCard:
        """Where the pulse stands; for a manager with what managers changed lately."""
        wave, setup = self._waves.open, self._waves.store.setup()
        return notices.StatusCard(
            wave.minimum if wave else setup.minimum if setup else 5,
            wave.closes_at if wave else None,
            self._turnout() if wave else None,
            self.next_opening(),
            self._waves.paused(),
            setup is not None,
            self._changes() if await self._managers.is_manager(user) else (),
        )

    def _turnout(self) -> dict[Side, notices.Turnout]:
        wave = self._waves.open
        if wave is None:
            return {}
        answered = self._waves.store.answered(wave.id)
        return {
            side: notices.Turnout(
                wave.people[side], answered[side] if answered[side] >= wave.minimum else None
            )
            for side in Side
        }

    async def export(self, user: str) -> tuple[str, ...]:
        """Sends the published totals as files to one person; returns their names.

        Raises NotNow where nothing was published yet, SlackFault.
        """
        if not self.closed():
            raise NotNow(_("There is nothing to export yet: no pulse has closed."))
        made = files(self.closed(), self._waves.library.source)
        await self._slack.send_files(await self._slack.open_dm(user), made, _("The published totals."))
        return tuple(made)

    def _changes(self) -> tuple[tuple[datetime, str], ...]:
        """What managers changed lately, in the reader's language."""
        return tuple((at, retold(what, KEPT)) for at, what in self._waves.store.audit(CHANGES))

    def next_opening(self) -> datetime | None:
        ahead = self._waves.upcoming()
        return ahead[0].opens_at if ahead else None

    async def note(self, text: str) -> Note:
        """A dated mark on every trend. Raises BadRequest for a text that is too long."""
        if len(text) > NOTE_LIMIT:
            raise BadRequest(
                _("A note has at most {most} characters; this one has {count}. Please shorten it.").format(
                    most=NOTE_LIMIT, count=len(text)
                )
            )
        now = self._waves.clock()
        note = Note(now.astimezone(self._zone()).date(), text)
        await self._waves.store.add_note(note, now, N_("A manager made a note."))
        return note

    def _zone(self) -> ZoneInfo:
        return self._waves.schedule().tz if self._waves.store.setup() else ZoneInfo("UTC")

    # --- the Home tab -----------------------------------------------------------------------------------

    async def home(self, user: str) -> HomeCard:
        """The Home tab of one reader."""
        setup = self._waves.store.setup()
        manager = await self._managers.is_manager(user)
        if setup is None:
            return HomeCard(5, set_up=False, may_manage=manager)
        return HomeCard(
            setup.minimum,
            set_up=True,
            may_manage=manager,
            open=await self._open_pulse(user),
            results=self._last_results(),
            opens_at=self.next_opening(),
            paused=self._waves.paused(),
            manager=await self._manager_card() if manager else None,
        )

    async def _open_pulse(self, user: str) -> OpenPulse | None:
        wave = self._waves.open
        if wave is None:
            return None
        try:
            ballot = await self._waves.ballot(user)
        except (NotNow, NotYours) as error:
            kept = self._kept(user)
            if kept is None:
                return OpenPulse(wave.id, wave.closes_at, outside=str(error))
            side, answers = kept.side, kept.answers
        else:
            side, answers = ballot.side, ballot.answers
        return OpenPulse(
            wave.id, wave.closes_at, self._waves.items_of(wave), side, self._turnout()[side], answers
        )

    def _last_results(self) -> LastResults | None:
        closed = self.closed()
        if not closed:
            return None
        made = self._report(closed[-1])
        sentences = {
            side: tuple(
                f"*{escape(title(found.item))}*\n{escape(found.sides[side].sentence)}" for found in made.items
            )
            for side in Side
        }
        return LastResults(closed[-1].closed_at, sentences)

    async def _manager_card(self) -> ManagerCard:
        setup = self._waves.setup()
        channels: list[tuple[str, Side | None]] = [
            (channel, side) for side in Side for channel in setup.channels[side]
        ]
        channels += [(channel, None) for channel in setup.results]
        found = await asyncio.gather(*(self._problem(channel) for channel, _side in channels))
        return ManagerCard(
            describe(self._waves.schedule()),
            tuple(
                ChannelStatus(channel, side, problem)
                for (channel, side), problem in zip(channels, found, strict=True)
            ),
            changes=self._changes(),
        )

    async def _problem(self, channel: str) -> notices.Problem | None:
        """What is wrong with a channel as it is now, else what kept the last message from it."""
        seen = await self._channels.problem(channel)
        waiting = (parcel.problem for parcel in self._waves.store.troubles() if parcel.channel == channel)
        told = next(waiting, None)
        return seen or (notices.channel_problem(channel, told) if told else None)
