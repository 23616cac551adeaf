"""Sealed ballots: what goes in comes out, and nothing shows from outside."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.core.errors import BallotBroken, PollIsClosed
from pulse.core.model import Format, Item, Side
from pulse.core.records import StoredBallot
from pulse.storage.ballots import Sealer, length_of, room_of
from pulse.storage.keys import WaveKey
from pulse.storage.library import load_library

TOKEN = "00112233445566aa"
BANK = tuple(load_library(None).bank)


def key(fill: int = 7) -> WaveKey:
    return WaveKey(TOKEN, bytearray([fill]) * 64)


def sealer(fill: int = 7, token: str = TOKEN) -> Sealer:
    made = key(fill)
    made.token = token
    return Sealer(made, os.urandom)


SEALER = sealer()
PERSON, ANOTHER = SEALER.pseudonym("U1"), SEALER.pseudonym("U2")

waves = st.lists(st.sampled_from(BANK), min_size=1, max_size=4, unique_by=lambda item: item.id)


@st.composite
def answers_to(draw: st.DrawFn, items: list[Item]) -> dict[str, frozenset[str]]:
    chosen = {}
    for item in items:
        keys = st.sampled_from([option.key for option in item.options])
        most = len(item.options) if item.format is Format.MULTI else 1
        picked = draw(st.frozensets(keys, max_size=most))
        if picked:
            chosen[item.id] = picked
    return chosen


@st.composite
def ballots(draw: st.DrawFn) -> tuple[list[Item], StoredBallot]:
    items = draw(waves)
    sides = draw(st.frozensets(st.sampled_from(Side), min_size=1))
    answers = draw(answers_to(items))
    side = draw(st.sampled_from(sorted(sides))) if answers or len(sides) == 1 else None
    return items, StoredBallot(sides=sides, side=side, answers=answers)


@given(ballots())
def test_what_is_sealed_is_what_is_opened(case: tuple[list[Item], StoredBallot]) -> None:
    """Sides, side and answers come back as they were."""
    items, ballot = case
    assert SEALER.open(PERSON, SEALER.seal(PERSON, ballot, length_of(items))) == ballot


@given(ballots())
def test_every_ballot_of_a_wave_has_one_length(case: tuple[list[Item], StoredBallot]) -> None:
    """Whoever has not answered, answered one question, or ticked all options: the row looks the same."""
    items, ballot = case
    length = length_of(items)
    sealed = {len(SEALER.seal(PERSON, each, length)) for each in (ballot, StoredBallot.blank(ballot.sides))}
    assert sealed == {length + 28}


@given(ballots(), st.data())
def test_a_changed_row_does_not_open(case: tuple[list[Item], StoredBallot], data: st.DataObject) -> None:
    """Any bit of nonce, text or tag."""
    items, ballot = case
    sealed = bytearray(SEALER.seal(PERSON, ballot, length_of(items)))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BallotBroken):
        SEALER.open(PERSON, bytes(sealed))


@given(ballots(), st.integers(0, 40))
def test_a_shortened_row_does_not_open(case: tuple[list[Item], StoredBallot], left: int) -> None:
    """Even if only part of the nonce is left."""
    items, ballot = case
    with pytest.raises(BallotBroken):
        SEALER.open(PERSON, SEALER.seal(PERSON, ballot, length_of(items))[:left])


@given(ballots())
def test_a_row_given_to_another_person_does_not_open(case: tuple[list[Item], StoredBallot]) -> None:
    """Swapping two rows is noticed in both."""
    items, ballot = case
    with pytest.raises(BallotBroken):
        SEALER.open(ANOTHER, SEALER.seal(PERSON, ballot, length_of(items)))


def test_a_row_of_another_wave_does_not_open() -> None:
    """The wave's token is bound in, in case a key is used twice."""
    sealed = SEALER.seal(PERSON, StoredBallot.blank(frozenset({Side.IT})), 100)
    with pytest.raises(BallotBroken):
        sealer(token="ffeeddccbbaa9988").open(PERSON, sealed)


def test_another_key_does_not_open() -> None:
    """After the close there is none that does."""
    sealed = SEALER.seal(PERSON, StoredBallot.blank(frozenset({Side.IT})), 100)
    with pytest.raises(BallotBroken):
        sealer(8).open(PERSON, sealed)


@given(ballots())
def test_the_same_ballot_never_looks_the_same(case: tuple[list[Item], StoredBallot]) -> None:
    """Rewriting a row tells nobody whether anything changed."""
    items, ballot = case
    length = length_of(items)
    assert SEALER.seal(PERSON, ballot, length) != SEALER.seal(PERSON, ballot, length)


@given(waves)
def test_the_length_depends_on_the_items_alone(items: list[Item]) -> None:
    """In whatever order they are asked; a wave with one more item needs more."""
    assert length_of(items) == length_of(items[::-1])
    assert length_of(items[1:]) < length_of(items)


def test_a_pseudonym_is_the_hmac_of_the_id() -> None:
    """Checked against the standard library's other way to make one (RFC 2104 with SHA-256)."""
    assert hmac.new(bytes([7]) * 32, b"U1", hashlib.sha256).digest() == PERSON


def test_a_ballot_that_does_not_fit_is_refused() -> None:
    """A question that was changed while the wave is open must not make one row longer than the others."""
    full = StoredBallot(sides=frozenset(Side), side=Side.IT, answers={"OWN1": frozenset({"a" * 200})})
    with pytest.raises(BallotBroken):
        SEALER.seal(PERSON, full, 100)


def test_a_row_says_how_long_its_ballot_may_be() -> None:
    """A row is rewritten at the length that the wave was opened with."""
    assert room_of(SEALER.seal(PERSON, StoredBallot.blank(frozenset({Side.IT})), 123)) == 123


def test_somebody_of_both_sides_counts_for_none_before_the_first_answer() -> None:
    """Somebody of one side counts for it from the start."""
    assert StoredBallot.blank(frozenset(Side)).side is None
    assert StoredBallot.blank(frozenset({Side.IT})) == StoredBallot(
        sides=frozenset({Side.IT}), side=Side.IT, answers={}
    )


@pytest.fixture
def destroyed() -> Iterator[tuple[Sealer, WaveKey]]:
    made = key()
    sealing = Sealer(made, os.urandom)
    sealing.destroy()
    yield sealing, made


def test_destroying_overwrites_the_keys(destroyed: tuple[Sealer, WaveKey]) -> None:
    """They are overwritten in place: nothing that opens a row is left."""
    sealing, made = destroyed
    assert bytes(made.naming) + bytes(made.sealing) == bytes(64)
    with pytest.raises(PollIsClosed):
        sealing.open(PERSON, b"x" * 100)
