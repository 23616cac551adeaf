"""What every store must do, whatever it is built on: one test class that each implementation inherits.

An implementation's test class has the fixture `storage`, which opens and closes a store in one place, so
that a test can open it again as a restart does. Nothing here knows SQL.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Protocol

import pytest

from pulse.core.baselines import Ledger
from pulse.core.calendar import Moments
from pulse.core.commitments import Commitment, CommitmentDraft, commitment_item
from pulse.core.errors import BadRequest, JoinedLater, NotNow, PollIsClosed
from pulse.core.items import Asking, Bank
from pulse.core.model import (
    Bar,
    BothSides,
    Counted,
    Expected,
    Note,
    Outcome,
    Share,
    Side,
    SideTurnout,
    Withheld,
)
from pulse.core.plan import KnownWave, Pause, WaveState
from pulse.core.question_plan import QuestionPlan
from pulse.core.records import (
    Answers,
    Ballots,
    CalledOffWave,
    NewMessage,
    NewWave,
    Opening,
    OutboxMessage,
    OwnQuestion,
    Publication,
    ReadersRule,
    Setup,
    StoredBallot,
    Traces,
)
from pulse.storage.library import load_library
from pulse.storage.port import Change, Store

LIBRARY = load_library(None)
ITEMS = tuple(item for item in LIBRARY.source if item.id in ("T01", "A02", "G01"))

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE, DAY, WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(weeks=1)
MARKETING, IT = Side.MARKETING, Side.IT
CHANNELS = {"C1": MARKETING, "C2": IT, "C3": IT}
ADA, BO, CY, EVE, ZOE = "U0ADA", "U0BO", "U0CY", "U0EVE", "U0ZOE"
"""Ada and Bo are in IT, Cy in marketing, Eve in both; Zoe joined later."""

ROSTER = {ADA: frozenset({IT}), BO: frozenset({IT}), CY: frozenset({MARKETING}), EVE: frozenset(Side)}
CODE, OTHER_CODE = b"a" * 32, b"b" * 32

SETUP = Setup(
    schedule={"repeat": "weekly", "at": "09:00", "working_days": 3, "skip_dates": ""},
    items=4,
    minimum=6,
    since=MONDAY,
    channels={MARKETING: ("C1",), IT: ("C2", "C3")},
    results=("C1", "C9"),
    language="de",
    both_sides=BothSides.IT,
)


async def token_of(store: Any, wave: int) -> str:
    """The token of an open, closed or called-off wave."""
    called_off = await store.called_off_wave(wave)
    known = [await store.current_wave(), called_off, *await store.closed_waves()]
    return next(each.token for each in known if each is not None and each.id == wave)


class Storage(Protocol):
    """A place that holds a store."""

    async def open(self) -> Store: ...
    async def close(self, store: Store) -> None: ...


TOKENS = (f"{number:016x}" for number in count())


def moments(opens_at: datetime = MONDAY) -> Moments:
    return Moments(opens_at.date(), opens_at, (opens_at + DAY, opens_at + 2 * DAY), opens_at + 3 * DAY)


def new_wave(
    opens_at: datetime = MONDAY, cadence: str = "schedule", roster: Mapping[str, frozenset[Side]] = ROSTER
) -> NewWave:
    return NewWave(
        cadence=cadence,
        moments=moments(opens_at),
        opened_at=opens_at + MINUTE,
        minimum=5,
        token=next(TOKENS),
        items=ITEMS,
        roster=roster,
        channels=CHANNELS,
    )


COUNTED = Counted(
    20, {"top2box": Share(12, 12)}, (Bar(("1", "2"), 3), Bar(("3",), 5), Bar(("4",), 5), Bar(("5",), 7))
)
TURNOUT = {MARKETING: SideTurnout(25, 20), IT: SideTurnout(12, None)}


def published(outcomes: Mapping[tuple[str, Side], Outcome] | None = None) -> Publication:
    """A publication in which most is withheld."""
    found = {("T01", MARKETING): COUNTED, ("T01", IT): Withheld()} if outcomes is None else outcomes
    return Publication(turnout=TURNOUT, outcomes=found)


def choose(item: str, *options: str, side: Side | None = None) -> Change:
    """Chooses options of an item, for the side of the ballot, or for `side` if it has none yet."""

    def change(before: StoredBallot) -> StoredBallot:
        answers = {**before.answers, item: frozenset(options)}
        return replace(before, side=before.side or side, answers=answers)

    return change


def nothing(before: StoredBallot) -> StoredBallot:
    return StoredBallot.blank(before.sides)


def anything(answers: Answers) -> bool:
    return bool(answers)


async def answers_of(store: Store, wave: int, user: str) -> Answers:
    ballot = await store.ballot_of(wave, user)
    assert ballot is not None
    return ballot.answers


async def close(store: Store, wave: int, at: datetime = MONDAY + 3 * DAY, *kinds: str) -> None:
    messages = [NewMessage(kind=kind, channel=channel, at=at) for kind in kinds for channel in CHANNELS]
    assert await store.close_wave(wave, lambda _ballots: published(), messages, at, "closed")


async def deliver(store: Store, *keys: str) -> None:
    for number, key in enumerate(keys):
        await store.mark(key, "sending")
        await store.mark(key, "done", f"1.{number}")


DRAFT = CommitmentDraft(side=IT, text="Answer within two days", due_on=date(2026, 3, 9))


async def commit(store: Store, draft: CommitmentDraft = DRAFT) -> int:
    return await store.add_commitment(draft, MONDAY.date(), ("C1", "C2"), MONDAY, "made")


async def withdraw(store: Store, number: int) -> bool:
    at = MONDAY + DAY
    return await store.withdraw_commitment(number, at.date(), ("C1", "C2"), at, "withdrawn")


def keys(messages: Sequence[OutboxMessage]) -> list[str]:
    return [message.key for message in messages]


class StoreConformance:
    """The rules of `pulse.storage.port`."""

    @pytest.fixture
    def storage(self) -> Storage:
        raise NotImplementedError("an implementation says where its store lies")

    @pytest.fixture
    async def store(self, storage: Storage) -> AsyncIterator[Store]:
        opened = await storage.open()
        yield opened
        await storage.close(opened)

    # --- set-up and pauses ------------------------------------------------------------------------------

    async def test_the_plan_of_questions_is_the_one_saved_last(self, store: Store) -> None:
        """None before the first; then the pinned ones in their order, and those that are never asked."""
        assert await store.question_plan() is None
        first = QuestionPlan(pinned=("T01", "A02"), off=frozenset({"G01", "D01"}))
        await store.save_question_plan(first, MONDAY, "planned")
        assert await store.question_plan() == first
        second = QuestionPlan(pinned=("A02",))
        await store.save_setup(SETUP, MONDAY, "set up", plan=second)
        assert await store.question_plan() == second
        await store.save_setup(SETUP, MONDAY, "set up")
        assert await store.question_plan() == second
        assert [what for _at, what in await store.audit()] == ["set up", "set up", "planned"]

    async def test_own_questions_keep_their_order_and_their_last_words(self, store: Store) -> None:
        """A changed question stays in its place; the others stay as they are."""
        one, two = (
            OwnQuestion(item_id=name, wording={"id": name, "wording_it": "Größe?"}, series=f"{name}-1")
            for name in ("X02", "X01")
        )
        await store.save_own_questions([one, two], MONDAY, "written")
        changed = replace(one, wording={"id": "X02", "wording_it": "Now?"}, series="X02-2")
        await store.save_own_questions([changed], MONDAY, "changed")
        assert await store.own_questions() == (changed, two)
        assert [what for _at, what in await store.audit()] == ["changed", "written"]

    async def test_who_reads_and_whether_they_share_is_kept(self, store: Store) -> None:
        """Both are part of the set-up."""
        opened = replace(SETUP, readers=ReadersRule.WORKSPACE, sharing=False)
        await store.save_setup(opened, MONDAY, "set up")
        assert await store.setup() == opened

    async def test_a_message_about_the_set_up_replaces_one_that_still_waits(self, store: Store) -> None:
        """One message per channel and kind waits: the later one, which belongs to no wave."""
        first = [NewMessage(kind="channels", channel=channel, at=MONDAY) for channel in ("C1", "C2")]
        await store.save_setup(SETUP, MONDAY, "set up", messages=first)
        [sent] = [message for message in await store.undelivered() if message.channel == "C2"]
        await store.mark(sent.key, "sending")
        later = [NewMessage(kind="channels", channel=channel, at=MONDAY + DAY) for channel in ("C1", "C2")]
        await store.save_setup(SETUP, MONDAY + DAY, "changed", messages=later)
        waiting = [(each.channel, each.state, each.wave_id) for each in await store.undelivered()]
        assert sorted(waiting) == [("C1", "due", None), ("C2", "due", None), ("C2", "sending", None)]

    async def test_the_latest_opening_is_known(self, store: Store) -> None:
        """Of any wave, open or closed, and whether it was by hand; one that was skipped never opened."""
        assert await store.last_opening() is None
        assert await store.skip_wave(moments(MONDAY - WEEK), "skipped", MONDAY)
        assert await store.last_opening() is None
        await store.start_wave(new_wave(cadence="hand"), "opened")
        assert await store.last_opening() == Opening(at=MONDAY + MINUTE, by_hand=True)

    async def test_before_the_set_up_there_is_none(self, store: Store) -> None:
        """A new store has no set-up and no pause."""
        assert await store.setup() is None
        assert await store.pauses() == ()

    async def test_the_set_up_is_read_as_it_was_saved(self, store: Store) -> None:
        """Every field comes back."""
        await store.save_setup(SETUP, MONDAY, "set up")
        assert await store.setup() == SETUP

    async def test_a_new_set_up_replaces_the_old_one(self, store: Store) -> None:
        """No channel of the old one is left."""
        other = Setup(
            schedule={"repeat": "monthly"},
            items=2,
            minimum=5,
            since=MONDAY + DAY,
            channels={MARKETING: ("C7",), IT: ("C8",)},
        )
        await store.save_setup(SETUP, MONDAY, "set up")
        await store.save_setup(other, MONDAY + DAY, "changed")
        assert await store.setup() == other
        assert [what for _at, what in await store.audit()] == ["changed", "set up"]

    async def test_a_channels_new_id_is_followed_everywhere(self, store: Store) -> None:
        """In the set-up, the open wave and the outbox; a message keeps its key."""
        await store.save_setup(SETUP, MONDAY, "set up")
        wave = await store.start_wave(new_wave(), "opened")
        await store.move_channel("C2", "C22", MONDAY, "moved")
        setup, current = await store.setup(), await store.current_wave()
        assert setup is not None
        assert current is not None
        assert setup.channels == {MARKETING: ("C1",), IT: ("C22", "C3")}
        assert current.channels == await store.wave_channels(wave) == {"C1": MARKETING, "C22": IT, "C3": IT}
        assert {m.key: m.channel for m in await store.undelivered()}[
            f"poll:{await token_of(store, wave)}:C2"
        ] == "C22"
        assert await store.audit(1) == ((MONDAY, "moved"),)

    async def test_a_pause_lasts_until_it_is_ended(self, store: Store) -> None:
        """A second pause or a second end changes nothing and leaves no line."""
        await store.pause(MONDAY, "paused")
        await store.pause(MONDAY + DAY, "paused again")
        assert await store.pauses() == (Pause(MONDAY, None),)
        await store.resume(MONDAY + 2 * DAY, "resumed")
        await store.resume(MONDAY + 3 * DAY, "resumed again")
        await store.pause(MONDAY + 4 * DAY, "paused")
        assert await store.pauses() == (Pause(MONDAY, MONDAY + 2 * DAY), Pause(MONDAY + 4 * DAY, None))
        assert [what for _at, what in await store.audit()] == ["paused", "resumed", "paused"]

    # --- waves ------------------------------------------------------------------------------------------

    async def test_an_opened_wave_is_the_current_one(self, store: Store) -> None:
        """It is read as it was written, with a poll for each channel to be posted."""
        assert await store.current_wave() is None
        new = new_wave()
        wave = await store.start_wave(new, "opened")
        current = await store.current_wave()
        assert current is not None
        assert (current.id, current.local_date, current.opened_at) == (wave, MONDAY.date(), new.opened_at)
        assert (current.closes_at, current.reminders) == (new.moments.closes_at, new.moments.reminders)
        assert (current.minimum, current.token, current.channels) == (5, new.token, CHANNELS)
        assert not current.first_edition
        assert current.items == tuple(item.id for item in ITEMS)
        assert current.series == {item.id: item.series for item in ITEMS}
        assert current.people == {MARKETING: 2, IT: 3}
        assert keys(await store.undelivered(new.opened_at)) == [
            f"poll:{await token_of(store, wave)}:{channel}" for channel in CHANNELS
        ]
        assert await store.audit() == ((new.opened_at, "opened"),)

    async def test_one_wave_is_open_at_a_time(self, store: Store) -> None:
        """A second opening is refused, and no part of it is kept."""
        wave = await store.start_wave(new_wave(), "opened")
        before = (
            await store.current_wave(),
            await store.undelivered(),
            await store.audit(),
            await store.askings(),
        )
        for cadence in ("schedule", "hand"):
            with pytest.raises(NotNow):
                await store.start_wave(new_wave(MONDAY + DAY, cadence), "again")
        assert (
            await store.current_wave(),
            await store.undelivered(),
            await store.audit(),
            await store.askings(),
        ) == before
        await close(store, wave)
        assert await store.start_wave(new_wave(MONDAY + DAY), "next") > wave

    async def test_two_openings_at_once_open_one_wave(self, store: Store) -> None:
        """One of them is refused."""
        done = await asyncio.gather(
            *(store.start_wave(new_wave(cadence="hand"), "opened") for _ in range(2)), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in done) == ["NotNow", "int"]

    async def test_the_schedule_has_one_wave_a_date(self, store: Store) -> None:
        """Closed or skipped, the date is used up; waves opened by hand use up nothing."""
        await close(store, await store.start_wave(new_wave(cadence="hand"), "by hand"))
        await close(store, await store.start_wave(new_wave(cadence="hand"), "by hand"))
        await close(store, await store.start_wave(new_wave(), "scheduled"))
        with pytest.raises(NotNow):
            await store.start_wave(new_wave(), "again")
        assert not await store.skip_wave(moments(), "skipped", MONDAY)
        assert await store.skip_wave(moments(MONDAY + WEEK), "skipped", MONDAY)
        assert not await store.skip_wave(moments(MONDAY + WEEK), "skipped", MONDAY)
        with pytest.raises(NotNow):
            await store.start_wave(new_wave(MONDAY + WEEK), "again")
        assert [what for _at, what in await store.audit(2)] == ["skipped", "closed"]

    async def test_known_waves_are_those_since_a_date_and_the_open_one(self, store: Store) -> None:
        """The open wave is known whatever its date."""
        await store.start_wave(new_wave(), "opened")
        await store.skip_wave(moments(MONDAY + DAY), "skipped", MONDAY)
        await store.skip_wave(moments(MONDAY + WEEK), "skipped", MONDAY)
        today, tomorrow, next_week = MONDAY.date(), (MONDAY + DAY).date(), (MONDAY + WEEK).date()
        assert set(await store.known_waves()) == {today, tomorrow, next_week}
        assert set(await store.known_waves(next_week)) == {today, next_week}
        assert (await store.known_waves())[today] == KnownWave(WaveState.OPEN, moments(), 0, None)

    async def test_of_several_waves_on_a_date_the_open_one_is_known_else_the_last(self, store: Store) -> None:
        """The schedule skips its wave while one that was opened by hand takes answers."""
        await close(store, await store.start_wave(new_wave(cadence="hand"), "opened"))
        await store.skip_wave(moments(), "skipped", MONDAY)
        assert (await store.known_waves())[MONDAY.date()].state is WaveState.SKIPPED
        await store.start_wave(new_wave(MONDAY + DAY, "hand"), "opened")
        await store.skip_wave(moments(MONDAY + DAY), "skipped", MONDAY)
        assert (await store.known_waves())[(MONDAY + DAY).date()].state is WaveState.OPEN

    async def test_the_last_decision_of_the_schedule_is_known(self, store: Store) -> None:
        """Opened or skipped by the schedule, up to a moment; what a manager opens does not count."""
        assert await store.last_decided(MONDAY) is None
        await close(store, await store.start_wave(new_wave(), "opened"))
        await close(store, await store.start_wave(new_wave(MONDAY + DAY, "hand"), "opened"))
        assert await store.last_decided(MONDAY + 10 * WEEK) == MONDAY
        await store.skip_wave(moments(MONDAY + WEEK), "skipped", MONDAY)
        assert await store.last_decided(MONDAY + 10 * WEEK) == MONDAY + WEEK
        assert await store.last_decided(MONDAY + WEEK - MINUTE) == MONDAY

    async def test_missed_waves_are_told_from_skipped_ones(self, store: Store) -> None:
        """Each by the moment it was due, if it was noticed at or after a given moment."""
        await store.skip_wave(moments(), "skipped", MONDAY)
        await store.skip_wave(moments(MONDAY + WEEK), "missed", MONDAY + WEEK + DAY, missed=True)
        assert await store.missed_waves(MONDAY) == (MONDAY + WEEK,)
        assert await store.missed_waves(MONDAY + WEEK + DAY) == (MONDAY + WEEK,)
        assert await store.missed_waves(MONDAY + WEEK + DAY + MINUTE) == ()

    async def test_askings_are_in_the_order_of_the_waves(self, store: Store) -> None:
        """Skipped waves asked nothing."""
        await close(store, await store.start_wave(new_wave(MONDAY + DAY), "opened"))
        await store.skip_wave(moments(MONDAY + WEEK), "skipped", MONDAY)
        await store.start_wave(new_wave(MONDAY, "hand"), "opened")
        asked = tuple(item.id for item in ITEMS)
        assert await store.askings() == [Asking((MONDAY + DAY).date(), asked), Asking(MONDAY.date(), asked)]

    async def test_each_reminder_goes_out_once(self, store: Store) -> None:
        """Even if several ask for it at once, and never for a closed wave."""
        wave = await store.start_wave(new_wave(), "opened")
        at = MONDAY + DAY
        once = await asyncio.gather(*(store.mark_reminded(wave, 1, at) for _ in range(3)))
        assert sorted(once) == [False, False, True]
        assert await store.mark_reminded(wave, 2, at + DAY)
        assert not await store.mark_reminded(wave, 1, at + DAY)
        known = (await store.known_waves())[MONDAY.date()]
        assert (known.reminded, known.reminded_at) == (2, at + DAY)
        await close(store, wave)
        assert not await store.mark_reminded(wave, 3, at + DAY)

    # --- answers ----------------------------------------------------------------------------------------

    async def test_an_answer_is_read_as_it_was_given(self, store: Store) -> None:
        """One option or several, for one side."""
        wave = await store.start_wave(new_wave(), "opened")
        first = await store.answer(wave, ADA, choose("T01", "4"))
        more = await store.answer(wave, ADA, choose("A02", "3", "2"))
        answers = {"T01": frozenset({"4"}), "A02": frozenset({"2", "3"})}
        assert (first.ballot.side, first.ballot.answers, first.first) == (IT, {"T01": frozenset({"4"})}, True)
        assert (more.ballot.side, more.ballot.answers, more.first) == (IT, answers, False)
        assert await store.ballot_of(wave, ADA) == more.ballot
        assert await store.answered(wave, anything) == {MARKETING: 0, IT: 1}

    async def test_everybody_of_the_roster_has_a_ballot_and_nobody_else(self, store: Store) -> None:
        """From the opening on; whoever joined later is refused, and the others' answers are stored."""
        wave = await store.start_wave(new_wave(), "opened")
        assert await store.ballot_of(wave, ADA) == StoredBallot(sides=frozenset({IT}), side=IT, answers={})
        assert await store.ballot_of(wave, EVE) == StoredBallot(sides=frozenset(Side), side=None, answers={})
        assert await store.ballot_of(wave, ZOE) is None
        done = await asyncio.gather(
            store.answer(wave, ADA, choose("T01", "4")),
            store.answer(wave, ZOE, choose("T01", "4")),
            store.answer(wave, BO, choose("T01", "4")),
            return_exceptions=True,
        )
        assert [isinstance(outcome, JoinedLater) for outcome in done] == [False, True, False]
        assert await store.answered(wave, anything) == {MARKETING: 0, IT: 2}
        assert await store.ballot_of(wave, ZOE) is None

    async def test_somebody_can_be_admitted_once(self, store: Store) -> None:
        """As members of a first-edition wave are; an existing ballot is left as it is."""
        wave = await store.start_wave(new_wave(), "opened")
        await store.answer(wave, ADA, choose("T01", "4"))
        for _ in range(2):
            await store.admit(wave, {ZOE: frozenset({MARKETING}), ADA: frozenset(Side)})
        assert await store.ballot_of(wave, ZOE) == StoredBallot.blank(frozenset({MARKETING}))
        assert await answers_of(store, wave, ADA) == {"T01": frozenset({"4"})}
        with pytest.raises(PollIsClosed):
            await store.admit(wave + 1, {ZOE: frozenset({MARKETING})})

    async def test_who_has_not_answered_is_known(self, store: Store) -> None:
        """Before the first answer, and after all were taken back; strangers are not among them."""
        wave = await store.start_wave(new_wave(), "opened")
        for _ in range(2):
            assert await store.unanswered(wave, [ADA, BO, ZOE]) == {ADA, BO}
            await store.answer(wave, ADA, choose("T01", "4"))
            assert await store.unanswered(wave, [ADA, BO, ZOE]) == {BO}
            assert (await store.answer(wave, ADA, nothing)).ballot.answers == {}

    async def test_only_answers_that_count_are_counted(self, store: Store) -> None:
        """The caller decides what counts: here "cannot say" alone does not."""
        wave = await store.start_wave(new_wave(), "opened")
        await store.answer(wave, ADA, choose("T01", "cannot_say"))
        await store.answer(wave, BO, choose("T01", "4"))
        said = frozenset({"cannot_say"})
        assert (await store.answered(wave, lambda answers: set(answers.values()) - {said} != set()))[IT] == 1

    async def test_the_side_of_somebody_of_both_is_kept_until_all_is_taken_back(self, store: Store) -> None:
        """The answers of one person never count for both sides."""
        wave = await store.start_wave(new_wave(), "opened")
        await store.answer(wave, EVE, choose("T01", "4", side=IT))
        assert (await store.answer(wave, EVE, choose("T01", "5", side=MARKETING))).ballot.side is IT
        await store.answer(wave, EVE, nothing)
        assert (await store.answer(wave, EVE, choose("T01", "5", side=MARKETING))).ballot.side is MARKETING
        assert await store.answered(wave, anything) == {MARKETING: 1, IT: 0}

    async def test_one_answer_is_taken_back_alone(self, store: Store) -> None:
        """The others stay."""
        wave = await store.start_wave(new_wave(), "opened")
        await store.answer(wave, ADA, choose("T01", "4"))
        await store.answer(wave, ADA, choose("G01", "2"))
        await store.answer(wave, ADA, lambda b: replace(b, answers={"G01": b.answers["G01"]}))
        assert await answers_of(store, wave, ADA) == {"G01": frozenset({"2"})}

    async def test_a_change_that_fails_leaves_the_answers_and_spoils_no_other(self, store: Store) -> None:
        """The changes that came with it are stored; its own error is raised."""
        wave = await store.start_wave(new_wave(), "opened")
        await store.answer(wave, BO, choose("T01", "1"))

        def faulty(_before: StoredBallot) -> StoredBallot:
            raise BadRequest("no such option")

        done = await asyncio.gather(
            store.answer(wave, ADA, choose("T01", "4")),
            store.answer(wave, BO, faulty),
            store.answer(wave, CY, choose("T01", "2")),
            return_exceptions=True,
        )
        assert isinstance(done[1], BadRequest)
        assert await store.answered(wave, anything) == {MARKETING: 1, IT: 2}
        assert await answers_of(store, wave, BO) == {"T01": frozenset({"1"})}

    async def test_a_wave_that_is_not_open_takes_no_answer(self, store: Store) -> None:
        """Closed or never opened, the error is the same; answers that came with it are kept."""
        old = await store.start_wave(new_wave(), "opened")
        await close(store, old)
        with pytest.raises(PollIsClosed):
            await store.answer(old, ADA, choose("T01", "4"))
        wave = await store.start_wave(new_wave(MONDAY + DAY), "opened")
        done = await asyncio.gather(
            store.answer(wave, ADA, choose("T01", "4")),
            store.answer(old, BO, choose("T01", "4")),
            store.answer(wave + 1, CY, choose("T01", "4")),
            return_exceptions=True,
        )
        assert [isinstance(outcome, PollIsClosed) for outcome in done] == [False, True, True]
        assert await store.answered(wave, anything) == {MARKETING: 0, IT: 1}

    async def test_a_storm_of_answers_is_stored_whole(self, store: Store) -> None:
        """Twelve hundred people at once, and one of them forty times."""
        people = [f"U{number}" for number in range(1200)]
        roster = {**dict.fromkeys(people, frozenset({IT})), **ROSTER}
        wave = await store.start_wave(new_wave(roster=roster), "opened")
        await asyncio.gather(*(store.answer(wave, person, choose("T01", "4")) for person in people))
        await asyncio.gather(*(store.answer(wave, ADA, choose("T01", str(n % 5 + 1))) for n in range(40)))
        assert (await store.answered(wave, anything))[IT] == len(people) + 1
        assert await store.unanswered(wave, [*people, ADA, BO]) == {BO}
        assert await answers_of(store, wave, ADA) == {"T01": frozenset({"5"})}

    async def test_the_key_of_an_open_wave_is_there(self, store: Store) -> None:
        """Without a wave none is missing."""
        assert await store.key_problem() == ""
        await store.start_wave(new_wave(), "opened")
        assert await store.key_problem() == ""

    # --- the close --------------------------------------------------------------------------------------

    async def test_the_close_counts_every_ballot_once(self, store: Store) -> None:
        """It sees each person's last answers by side, and nobody who has none."""
        wave = await store.start_wave(new_wave(), "opened")
        await store.answer(wave, ADA, choose("T01", "1"))
        await store.answer(wave, ADA, choose("T01", "4"))
        await store.answer(wave, EVE, choose("G01", "2", side=IT))
        await store.answer(wave, CY, choose("T01", "5"))
        await store.answer(wave, CY, nothing)
        seen: list[Mapping[Side, Ballots]] = []

        def publish(ballots: Mapping[Side, Ballots]) -> Publication:
            seen.append(ballots)
            return published()

        assert await store.close_wave(wave, publish, [], MONDAY + DAY, "closed")
        [ballots] = seen
        assert sorted(map(sorted, ballots[IT].people)) == [["G01"], ["T01"]]
        assert {"T01": frozenset({"4"})} in ballots[IT].people
        assert ballots[MARKETING].people == ()

    async def test_after_the_close_only_what_was_published_is_left(self, store: Store) -> None:
        """No ballot and no open wave; an item that is not published reads as withheld."""
        new = new_wave()
        wave = await store.start_wave(new, "opened")
        await store.answer(wave, ADA, choose("T01", "4"))
        await close(store, wave)
        assert await store.current_wave() is None
        assert store.traces is Traces.NONE
        with pytest.raises(PollIsClosed):
            await store.ballot_of(wave, ADA)
        with pytest.raises(PollIsClosed):
            await store.answered(wave, anything)
        [closed] = await store.closed_waves()
        assert (closed.id, closed.opened_at, closed.closed_at) == (wave, new.opened_at, MONDAY + 3 * DAY)
        assert (closed.minimum, closed.items) == (5, tuple(item.id for item in ITEMS))
        assert closed.series == {item.id: item.series for item in ITEMS}
        assert closed.turnout == TURNOUT
        withheld = {(item.id, side): Withheld() for item in ITEMS for side in Side}
        assert closed.outcomes == {**withheld, ("T01", MARKETING): COUNTED}

    async def test_the_close_puts_its_messages_in_the_outbox_once(self, store: Store) -> None:
        """Even if a message is given twice."""
        wave = await store.start_wave(new_wave(), "opened")
        await deliver(store, *keys(await store.undelivered()))
        await close(store, wave, MONDAY + DAY, "closing", "results", "results")
        token = await token_of(store, wave)
        assert sorted(keys(await store.undelivered())) == [
            f"{kind}:{token}:{channel}" for kind in ("closing", "results") for channel in CHANNELS
        ]
        assert await store.audit(1) == ((MONDAY + DAY, "closed"),)

    async def test_a_wave_is_closed_once(self, store: Store) -> None:
        """A second close changes nothing and publishes nothing."""
        wave = await store.start_wave(new_wave(), "opened")
        await close(store, wave)
        before = await store.closed_waves(), await store.undelivered(), await store.audit()

        def never(_ballots: Mapping[Side, Ballots]) -> Publication:
            raise AssertionError("published twice")

        again = [NewMessage(kind="results", channel="C1", at=MONDAY)]
        assert not await store.close_wave(wave, never, again, MONDAY, "again")
        assert not await store.close_wave(wave + 7, never, again, MONDAY, "again")
        assert (await store.closed_waves(), await store.undelivered(), await store.audit()) == before

    async def test_a_publication_that_fails_leaves_the_wave_open(self, store: Store) -> None:
        """Its answers stay, and no message is queued."""
        wave = await store.start_wave(new_wave(), "opened")
        await store.answer(wave, ADA, choose("T01", "4"))
        before = await store.current_wave(), await store.undelivered(), await store.audit()

        def faulty(_ballots: Mapping[Side, Ballots]) -> Publication:
            raise BadRequest("cannot be counted")

        again = [NewMessage(kind="results", channel="C1", at=MONDAY)]
        with pytest.raises(BadRequest):
            await store.close_wave(wave, faulty, again, MONDAY, "closed")
        assert (await store.current_wave(), await store.undelivered(), await store.audit()) == before
        assert await answers_of(store, wave, ADA) == {"T01": frozenset({"4"})}
        assert await store.closed_waves() == ()

    async def test_a_wave_that_is_called_off_has_no_results(self, store: Store) -> None:
        """It is skipped with its reason, once; another one can open."""
        wave = await store.start_wave(new_wave(), "opened")
        await deliver(store, *keys(await store.undelivered()))
        messages = [NewMessage(kind="closing", channel="C1", at=MONDAY)]
        assert await store.call_off(wave, messages, MONDAY + DAY, "called off")
        assert not await store.call_off(wave, messages, MONDAY + DAY, "called off")
        assert await store.current_wave() is None
        assert await store.closed_waves() == ()
        assert (await store.known_waves())[MONDAY.date()].state is WaveState.SKIPPED
        ended = await store.called_off_wave(wave)
        assert ended == CalledOffWave(
            id=wave,
            token=await token_of(store, wave),
            ended_at=MONDAY + DAY,
            items=tuple(item.id for item in ITEMS),
        )
        assert await store.called_off_wave(wave + 1) is None
        assert keys(await store.undelivered()) == [f"closing:{await token_of(store, wave)}:C1"]
        assert await store.audit(1) == ((MONDAY + DAY, "called off"),)
        assert await store.start_wave(new_wave(MONDAY + WEEK), "opened") > wave

    async def test_closed_waves_are_read_in_portions(self, store: Store) -> None:
        """After an id, a few at a time, the oldest first; open and skipped ones are not among them."""
        waves = []
        for number in range(4):
            waves.append(await store.start_wave(new_wave(MONDAY + number * WEEK), "opened"))
            await close(store, waves[-1], MONDAY + number * WEEK + DAY)
        await store.skip_wave(moments(MONDAY + 5 * WEEK), "skipped", MONDAY)
        await store.start_wave(new_wave(MONDAY + 6 * WEEK), "opened")
        assert await store.closed_count() == 4
        assert [wave.id for wave in await store.closed_waves()] == waves
        assert [wave.id for wave in await store.closed_waves(waves[1])] == waves[2:]
        assert [wave.id for wave in await store.closed_waves(waves[0], 2)] == waves[1:3]
        assert await store.closed_waves(waves[3]) == ()

    async def test_traces_are_due_to_be_removed_from_the_close_until_the_scrub(self, store: Store) -> None:
        """A close that is not followed by a scrub is remembered."""
        assert not store.scrub_due
        wave = await store.start_wave(new_wave(), "opened")
        assert not store.scrub_due
        await close(store, wave)
        assert store.scrub_due
        await store.scrub()
        assert not store.scrub_due

    # --- the outbox -------------------------------------------------------------------------------------

    async def test_messages_are_undelivered_until_they_are_done_or_failed(self, store: Store) -> None:
        """A message of unknown outcome is among them."""
        wave = await store.start_wave(new_wave(), "opened")
        one, two, three = keys(await store.undelivered())
        await store.mark(one, "sending")
        await deliver(store, two)
        await store.postpone(three, "failed", MONDAY + DAY, "is_archived")
        [left] = await store.undelivered()
        assert (left.key, left.state, left.kind, left.wave_id) == (one, "sending", "poll", wave)
        assert (left.channel, left.ts, left.attempts, left.problem) == ("C1", None, 0, "")
        assert await store.posted("poll", wave) == {"C2": "1.0"}
        assert await store.posted("results", wave) == {}
        assert await store.posted("poll", wave + 1) == {}

    async def test_what_is_due_comes_first_and_what_is_not_due_waits(self, store: Store) -> None:
        """A postponed message is due again at its next try."""
        await store.start_wave(new_wave(), "opened")
        opened = MONDAY + MINUTE
        one, two, three = keys(await store.undelivered())
        await store.postpone(one, "due", opened + 2 * MINUTE, "ratelimited")
        await store.postpone(two, "sending", opened + MINUTE, "unreachable")
        assert await store.undelivered(opened - MINUTE) == ()
        assert keys(await store.undelivered(opened)) == [three]
        assert keys(await store.undelivered(opened + MINUTE)) == [three, two]
        assert keys(await store.undelivered()) == [three, two, one]

    async def test_a_failed_attempt_is_counted_and_told_until_it_is_over(self, store: Store) -> None:
        """The problem is that of the last attempt."""
        await store.start_wave(new_wave(), "opened")
        one = keys(await store.undelivered())[0]
        assert await store.failing_messages() == ()
        await store.postpone(one, "due", MONDAY + DAY, "ratelimited")
        await store.postpone(one, "failed", MONDAY + DAY, "is_archived")
        [failing] = await store.failing_messages()
        assert (failing.key, failing.state, failing.attempts) == (one, "failed", 2)
        assert failing.problem == "is_archived"
        await store.mark(one, "sending")
        assert await store.failing_messages() == ()

    async def test_only_the_latest_waves_failures_are_told(self, store: Store) -> None:
        """A skipped wave in between does not count."""
        wave = await store.start_wave(new_wave(), "opened")
        await store.postpone(f"poll:{await token_of(store, wave)}:C1", "failed", MONDAY, "is_archived")
        await close(store, wave)
        await store.skip_wave(moments(MONDAY + WEEK), "skipped", MONDAY)
        assert keys(await store.failing_messages()) == [f"poll:{await token_of(store, wave)}:C1"]
        await store.start_wave(new_wave(MONDAY + 2 * WEEK), "opened")
        assert await store.failing_messages() == ()

    async def test_a_channel_that_is_back_gets_its_messages_at_once(self, store: Store) -> None:
        """Other channels' messages keep waiting, and what failed for good stays failed."""
        wave = await store.start_wave(new_wave(), "opened")
        one, two, three = keys(await store.undelivered())
        for key, state in ((one, "due"), (two, "due"), (three, "failed")):
            await store.postpone(key, state, MONDAY + WEEK, "not_in_channel")
        await store.retry_now("C1", MONDAY + DAY)
        await store.retry_now("C3", MONDAY + DAY)
        assert keys(await store.undelivered(MONDAY + DAY)) == [one]
        assert keys(await store.undelivered()) == [one, f"poll:{await token_of(store, wave)}:C2"]

    async def test_messages_of_a_kind_are_queued_once_for_a_run_of_waves(self, store: Store) -> None:
        """Another wave of the run does not queue them again, but a wave after it does."""
        one = await store.start_wave(new_wave(), "opened")
        await close(store, one)
        two = await store.start_wave(new_wave(MONDAY + WEEK), "opened")
        await close(store, two, MONDAY + WEEK + DAY)
        await deliver(store, *keys(await store.undelivered()))
        report = [NewMessage(kind="report", channel=channel, at=MONDAY) for channel in ("C1", "C9")]
        assert await store.queue_once(report, one, one)
        assert not await store.queue_once(report[:1], one, one)
        assert not await store.queue_once(report, two, one)
        token = await token_of(store, one)
        assert keys(await store.undelivered()) == [f"report:{token}:C1", f"report:{token}:C9"]
        await deliver(store, *keys(await store.undelivered()))
        assert not await store.queue_once(report, two, one)
        assert await store.queue_once(report[:1], two, two)
        assert keys(await store.undelivered()) == [f"report:{await token_of(store, two)}:C1"]

    async def test_a_set_up_names_managers(self, store: Store) -> None:
        """The audit has each naming once, also if the form names somebody again."""
        for _ in range(2):
            await store.save_setup(SETUP, MONDAY, "set up", managers=[b"one", b"two"], named="named")
        assert await store.wishes("manager") == {b"one", b"two"}
        assert [what for _at, what in await store.audit()] == ["set up", "named", "named", "set up"]

    async def test_a_deleted_poll_is_posted_again_once(self, store: Store) -> None:
        """The ts of the deleted message is forgotten, and no other."""
        wave = await store.start_wave(new_wave(), "opened")
        await deliver(store, *keys(await store.undelivered()))
        assert await store.posted("poll", wave) == {"C1": "1.0", "C2": "1.1", "C3": "1.2"}
        assert await store.repost(wave, "C1", "1.0", MONDAY + DAY)
        assert await store.repost(wave, "C1", "1.0", MONDAY + DAY)
        assert await store.posted("poll", wave) == {"C2": "1.1", "C3": "1.2"}
        [again] = await store.undelivered()
        assert (again.kind, again.channel, again.wave_id) == ("poll", "C1", wave)
        await store.mark(again.key, "done", "2.0")
        assert await store.repost(wave, "C1", "1.0", MONDAY + DAY)
        assert await store.posted("poll", wave) == {"C1": "2.0", "C2": "1.1", "C3": "1.2"}

    async def test_a_poll_that_is_deleted_twice_is_not_posted_a_third_time(self, store: Store) -> None:
        """Its message no longer counts as posted."""
        wave = await store.start_wave(new_wave(), "opened")
        await deliver(store, *keys(await store.undelivered()))
        await store.repost(wave, "C1", "1.0", MONDAY + DAY)
        await store.mark(f"poll:{await token_of(store, wave)}:C1:again", "done", "2.0")
        assert not await store.repost(wave, "C1", "2.0", MONDAY + DAY)
        assert await store.posted("poll", wave) == {"C2": "1.1", "C3": "1.2"}
        assert await store.undelivered() == ()

    async def test_what_may_have_been_sent_can_be_said_to_stand(self, store: Store) -> None:
        """Somebody saw it there. What was not sent yet, is done, or has failed is left as it is."""
        wave = await store.start_wave(new_wave(), "opened")
        one, two, three = keys(await store.undelivered())
        assert not await store.settle(one, "1.0")
        await store.postpone(one, "sending", MONDAY + DAY, "unknown_outcome")
        await store.postpone(two, "failed", MONDAY + DAY, "unknown_outcome")
        assert await store.settle(one, "1.0")
        assert not await store.settle(one, "9.0")
        assert not await store.settle(two, "2.0")
        assert not await store.settle("no such key", "3.0")
        assert await store.posted("poll", wave) == {"C1": "1.0"}
        assert keys(await store.undelivered()) == [three]
        assert [message.problem for message in await store.failing_messages()] == ["unknown_outcome"]

    async def test_two_messages_do_not_stand_at_one_place(self, store: Store) -> None:
        """A ts names one message of a channel; in another channel it can be another's."""
        wave = await store.start_wave(new_wave(), "opened")
        await store.mark(f"poll:{await token_of(store, wave)}:C1", "done", "1.0")
        report = [NewMessage(kind="report", channel=channel, at=MONDAY) for channel in ("C1", "C2")]
        assert await store.queue_once(report, wave, wave)
        for channel, settled in (("C1", False), ("C2", True)):
            key = f"report:{await token_of(store, wave)}:{channel}"
            await store.mark(key, "sending")
            assert await store.settle(key, "1.0") is settled

    async def test_a_poll_can_stand_twice(self, store: Store) -> None:
        """A copy is stored once, in a channel that has the wave's poll, and makes no message due."""
        wave = await store.start_wave(new_wave(), "opened")
        await deliver(store, *keys(await store.undelivered()))
        for _ in range(2):
            await store.add_copy(wave, "C1", "5.0")
            await store.add_copy(wave, "C1", "1.0")
            await store.add_copy(wave, "C7", "5.0")
        known = (("C1", "1.0"), ("C1", "5.0"), ("C2", "1.1"), ("C3", "1.2"))
        assert await store.copies("poll", wave) == known
        assert await store.copies("results", wave) == ()
        assert await store.undelivered() == ()

    async def test_a_deleted_copy_is_not_posted_again(self, store: Store) -> None:
        """The other copy is still there; once that is deleted, too, the poll is posted again, once."""
        wave = await store.start_wave(new_wave(), "opened")
        await deliver(store, *keys(await store.undelivered()))
        await store.add_copy(wave, "C1", "5.0")
        assert await store.repost(wave, "C1", "1.0", MONDAY + DAY)
        assert await store.undelivered() == ()
        assert await store.copies("poll", wave) == (("C1", "5.0"), ("C2", "1.1"), ("C3", "1.2"))
        assert await store.repost(wave, "C1", "5.0", MONDAY + DAY)
        [again] = await store.undelivered()
        await store.mark(again.key, "done", "6.0")
        assert not await store.repost(wave, "C1", "6.0", MONDAY + DAY)

    async def test_a_deletion_that_is_noted_already_changes_nothing(self, store: Store) -> None:
        """Told twice of one deleted copy, it neither adds a poll beside the other copy nor reports a loss."""
        wave = await store.start_wave(new_wave(), "opened")
        await deliver(store, *keys(await store.undelivered()))
        await store.add_copy(wave, "C1", "5.0")
        for _ in range(2):
            assert await store.repost(wave, "C1", "1.0", MONDAY + DAY)
        assert await store.undelivered() == ()
        assert await store.copies("poll", wave) == (("C1", "5.0"), ("C2", "1.1"), ("C3", "1.2"))

    # --- people, notes, audit, reference ----------------------------------------------------------------

    async def test_the_secret_is_made_once(self, store: Store) -> None:
        """A second one would make every code meaningless."""
        assert await store.secret() is None
        await asyncio.gather(store.make_secret(b"1" * 32), store.make_secret(b"2" * 32))
        made = await store.secret()
        assert made == b"1" * 32
        await store.make_secret(b"3" * 32)
        assert await store.secret() == made

    async def test_wishes_are_sets_of_codes_by_kind(self, store: Store) -> None:
        """A code can be set or taken back twice; a change without words leaves no line in the audit."""
        assert await store.wishes("manager") == frozenset()
        for code in (CODE, CODE, OTHER_CODE):
            await store.set_wish(code, "manager", True, MONDAY, "named")
        await store.set_wish(CODE, "no reminders", True, MONDAY, "")
        for _ in range(2):
            await store.set_wish(OTHER_CODE, "manager", False, MONDAY, "")
        assert await store.wishes("manager") == {CODE}
        assert await store.wishes("no reminders") == {CODE}
        assert await store.wishes("greeted") == frozenset()
        assert [what for _at, what in await store.audit()] == ["named"] * 3

    async def test_notes_are_in_the_order_of_their_days(self, store: Store) -> None:
        """Two of one day are in the order in which they were made; words come back as they were typed."""
        texts = ["second", "first of the day", "*bold* 'quoted' \"twice\" \\ & <!channel> 🚀 日本\nline"]
        await store.add_note(Note(date(2026, 3, 9), texts[0]), MONDAY, "noted")
        await store.add_note(Note(date(2026, 3, 2), texts[1]), MONDAY + MINUTE, "noted")
        await store.add_note(Note(date(2026, 3, 2), texts[2]), MONDAY + DAY, "noted")
        assert [(note.day.day, note.text) for note in await store.notes()] == [
            (2, texts[1]),
            (2, texts[2]),
            (9, texts[0]),
        ]

    async def test_the_audit_tells_the_latest_first(self, store: Store) -> None:
        """At most as many lines as are asked for."""
        assert await store.audit() == ()
        for number in range(30):
            await store.add_note(Note(MONDAY.date(), "x"), MONDAY + number * MINUTE, f"line {number}")
        assert await store.audit(2) == (
            (MONDAY + 29 * MINUTE, "line 29"),
            (MONDAY + 28 * MINUTE, "line 28"),
        )
        assert len(await store.audit()) == 20
        assert len(await store.audit(100)) == 30

    # --- commitments and expectations -------------------------------------------------------------------

    async def test_a_commitment_is_read_as_it_was_made(self, store: Store) -> None:
        """Each has a number of its own, and its words come back as they were typed."""
        drafts = [replace(DRAFT, text="*bold* & <!channel> 🚀"), replace(DRAFT, side=MARKETING, by="Ines")]
        numbers = [await commit(store, draft) for draft in drafts]
        assert await store.commitments() == tuple(
            Commitment(
                id=number,
                side=draft.side,
                text=draft.text,
                made_on=MONDAY.date(),
                due_on=draft.due_on,
                by=draft.by,
            )
            for number, draft in zip(numbers, drafts, strict=True)
        )
        assert len(set(numbers)) == 2

    async def test_both_sides_are_told_of_a_commitment_once(self, store: Store) -> None:
        """Their messages are queued with the change; withdrawing twice queues none again."""
        number = await commit(store)
        assert await withdraw(store, number)
        assert not await withdraw(store, number)
        assert not await withdraw(store, number + 1)
        kinds = [f"commitment.{number}", f"withdrawn.commitment.{number}"]
        told = [(message.kind, message.channel, message.wave_id) for message in await store.undelivered()]
        assert told == [(kind, channel, None) for kind in kinds for channel in ("C1", "C2")]
        [found] = await store.commitments()
        assert found.withdrawn_on == (MONDAY + DAY).date()
        assert [what for _at, what in await store.audit()] == ["withdrawn", "made"]

    async def test_a_message_of_a_commitment_is_known_by_its_moment(self, store: Store) -> None:
        """Slack might hold one of that number from before a restore: it is not taken for this one."""
        await commit(store)
        keys = {message.key for message in await store.undelivered()}
        assert len(keys) == 2
        assert all(MONDAY.isoformat() in key for key in keys)

    async def test_a_commitment_knows_the_wave_that_asks_about_it(self, store: Store) -> None:
        """It is known from the opening on, and the day of that wave once it is closed."""
        number = await commit(store)
        item = commitment_item((await store.commitments())[0], "9 March 2026")
        wave = await store.start_wave(replace(new_wave(), items=(*ITEMS, item)), "opened")
        [asked] = await store.commitments()
        assert (asked.id, asked.asked_in, asked.answered_on) == (number, wave, None)
        await close(store, wave)
        [answered] = await store.commitments()
        assert (answered.asked_in, answered.answered_on) == (wave, MONDAY.date())

    async def test_what_a_side_expects_is_kept_with_its_wave(self, store: Store) -> None:
        """The mean and how many gave one; a side that is missing was withheld."""
        expected = {("T01", MARKETING): Expected(12, 3.5), ("A02", IT): Expected(30, 8.0)}
        first = await store.start_wave(new_wave(), "opened")
        kept = replace(published(), expected=expected)
        assert await store.close_wave(first, lambda _ballots: kept, [], MONDAY + DAY, "closed")
        await close(store, await store.start_wave(new_wave(MONDAY + WEEK), "opened"), MONDAY + 2 * WEEK)
        assert [wave.expected for wave in await store.closed_waves()] == [expected, {}]

    async def test_the_reference_is_replaced_whole(self, store: Store) -> None:
        """At each start, even if items or figures have gone."""
        await store.keep_reference(LIBRARY.source, LIBRARY.ledger)
        await store.keep_reference(LIBRARY.source, LIBRARY.ledger)
        await store.keep_reference(Bank(()), Ledger(()))
        await store.keep_reference(LIBRARY.source, LIBRARY.ledger)

    # --- durability -------------------------------------------------------------------------------------

    async def test_a_store_that_works_takes_a_write(self, store: Store) -> None:
        """The check changes nothing."""
        await store.check_writable()
        assert await store.audit() == ()

    async def test_everything_is_there_after_a_restart(self, storage: Storage) -> None:
        """What was written by one process is read by the next, and goes on from there."""
        store = await storage.open()
        await store.save_setup(SETUP, MONDAY, "set up")
        await store.make_secret(b"s" * 32)
        await store.set_wish(CODE, "manager", True, MONDAY, "named")
        await store.add_note(Note(MONDAY.date(), "note"), MONDAY, "noted")
        await withdraw(store, await commit(store))
        await store.pause(MONDAY, "paused")
        await store.resume(MONDAY + DAY, "resumed")
        await close(store, await store.start_wave(new_wave(), "opened"), MONDAY + DAY, "results")
        await store.skip_wave(moments(MONDAY + WEEK), "missed", MONDAY + WEEK, missed=True)
        wave = await store.start_wave(new_wave(MONDAY + 2 * WEEK), "opened")
        await store.answer(wave, ADA, choose("T01", "4"))
        await store.mark_reminded(wave, 1, MONDAY + 2 * WEEK)
        await deliver(store, f"poll:{await token_of(store, wave)}:C1")
        await store.postpone(
            f"poll:{await token_of(store, wave)}:C2", "sending", MONDAY + WEEK, "unreachable"
        )

        async def everything() -> list[object]:
            return [
                await store.setup(),
                await store.secret(),
                await store.wishes("manager"),
                await store.notes(),
                await store.commitments(),
                await store.audit(100),
                await store.pauses(),
                await store.closed_waves(),
                await store.known_waves(),
                await store.missed_waves(MONDAY),
                await store.askings(),
                await store.current_wave(),
                await store.ballot_of(wave, ADA),
                await store.ballot_of(wave, EVE),
                await store.answered(wave, anything),
                store.traces,
                await store.key_problem(),
                await store.undelivered(),
                await store.posted("poll", wave),
                await store.failing_messages(),
            ]

        before = await everything()
        await storage.close(store)
        store = await storage.open()
        assert await everything() == before
        await close(store, wave)
        assert await store.start_wave(new_wave(MONDAY + 3 * WEEK), "opened") > wave
        await storage.close(store)

    async def test_the_traces_that_a_stopped_process_left_are_removed_or_known(
        self, storage: Storage
    ) -> None:
        """It ended between a close and its scrub: the next start scrubs, or still knows that it must."""
        store = await storage.open()
        await close(store, await store.start_wave(new_wave(), "opened"))
        await storage.close(store)
        store = await storage.open()
        if store.scrub_due:
            await store.scrub()
        assert not store.scrub_due
        await storage.close(store)
