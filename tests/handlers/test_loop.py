"""The whole loop, as its users live it: set up, open, answer, close, read."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from rehearsal.blockkit import message_problems
from tests.handlers.conftest import Office


async def answer_all(office: Office, channel: str, people: int, option: str = "4") -> None:
    """The first `people` of a channel answer the headline question."""
    for person in office.people(channel)[:people]:
        await office.answer(person, channel, option)


async def test_from_the_set_up_to_published_results(office: Office) -> None:
    """A manager sets up and opens, people answer with a tap, and at close both sides read the results."""
    await office.set_up()
    await office.open()
    for channel in (office.marketing, office.it):
        for number, person in enumerate(office.people(channel)[:12]):
            await office.answer(person, channel, "4" if number % 3 else "2")
    await office.close()
    for channel in (office.marketing, office.it):
        results = office.posted(channel)[-1]
        assert "8 of 12 (67%), study 6" in results.text
        [picture] = [block for block in results.blocks if block["type"] == "image"]
        assert "8 of 12" in picture["alt_text"]


async def test_each_side_reads_its_own_wording(office: Office) -> None:
    """Marketing is asked about IT, IT about marketing."""
    await office.set_up()
    await office.open()
    assert "I trust our IT colleagues" in office.poll(office.marketing).text
    assert "I trust our marketing colleagues" in office.poll(office.it).text


async def test_a_tap_is_confirmed_privately_with_what_was_recorded(office: Office) -> None:
    """The person sees the recorded answer and how to change it; nobody else sees anything."""
    await office.set_up()
    await office.open()
    person, other = office.people(office.it)[:2]
    await office.answer(person, office.it, "5")
    await office.settled()
    card = person.private(office.it)[-1]
    assert "Strongly agree" in card.text
    assert "change" in card.text
    assert other.private(office.it) == []


async def test_an_answer_can_be_changed_until_the_close(office: Office) -> None:
    """A second tap replaces the first one, and the form shows it and changes it again."""
    await office.set_up()
    await office.open()
    person = office.people(office.it)[0]
    await office.answer(person, office.it, "5")
    await office.answer(person, office.it, "1")
    await person.command("/pulse answer", office.it)
    await office.settled()
    assert person.modal is not None
    [trust] = [block for block in person.modal.blocks if block.get("block_id") == "item:T01"]
    assert trust["element"]["initial_option"]["value"] == "1"
    await person.submit(values={"item:T01": "4"})
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert (await office.answers(person))["T01"] == frozenset({"4"})


async def test_a_withdrawn_answer_is_not_counted(office: Office) -> None:
    """No trace of the person is left in the open wave."""
    await office.set_up()
    await office.open()
    person = office.people(office.it)[0]
    await office.answer(person, office.it, "5")
    await office.settled()
    await person.tap(person.private(office.it)[-1], "withdraw")
    await office.settled()
    assert sum((await office.answered()).values()) == 0
    assert "None of your answers is saved now." in person.private(office.it)[-1].text


async def test_the_poll_says_that_it_is_closed_and_has_no_buttons(office: Office) -> None:
    """Nobody taps on a closed poll by mistake."""
    await office.set_up()
    await office.open()
    poll = office.poll(office.it)
    await office.close()
    closed = next(m for m in office.posted(office.it) if m.ts == poll.ts)
    assert "closed" in closed.text
    assert not [block for block in closed.blocks if block["type"] == "actions"]


async def test_the_count_of_answers_is_shown_from_the_minimum_on(office: Office) -> None:
    """Under five the poll does not tell how many; from five on it does, and never a score."""
    await office.set_up()
    await office.open()
    await answer_all(office, office.it, 4)
    assert "Fewer than 5 of 14 have answered" in office.poll(office.it).text
    await office.answer(office.people(office.it)[4], office.it, "4")
    await office.slack.workspace.until(lambda: "5 of 14 have answered" in office.poll(office.it).text)


async def test_under_five_answers_no_number_is_anywhere(office: Office) -> None:
    """Neither messages, nor commands, nor the file tell anything of a side with four answers."""
    await office.set_up()
    await office.open()
    await answer_all(office, office.marketing, 4)
    await answer_all(office, office.it, 9)
    await office.close()
    reader = office.people(office.it)[0]
    texts = [office.posted(office.it)[-1].text]
    for line in (
        "/pulse",
        "/pulse scores",
        "/pulse scores T01",
        "/pulse trend T01",
        "/pulse status",
        "/pulse power",
    ):
        texts.append((await office.says(reader, line, office.it)).text)
    for text in texts:
        for told in re.split(r"[\n.]", re.sub(r"<!date[^>]*>|3 March|14", "", text)):
            if "arketing" in told and "published" not in told:
                assert "4" not in told, told
    assert any("Fewer than 5" in text for text in texts)
    assert any("7 or more of 9 agree" in text for text in texts)
    database = sqlite3.connect(office.bot.store.path)
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    sided = [t for t in tables if "side" in [c[1] for c in database.execute(f"PRAGMA table_info({t})")]]
    assert {"score", "wave_side"} <= set(sided)
    for table in set(sided) - {"wave_channel"}:
        for row in database.execute(f"SELECT * FROM {table} WHERE side = 'marketing'"):
            assert 4 not in row, table
    database.close()


async def test_after_a_close_the_file_knows_nobody(office: Office) -> None:
    """Keys, pseudonyms and ballots are gone; a user id was never there."""
    await office.set_up()
    await office.open()
    people = [*office.people(office.marketing), *office.people(office.it)]
    for channel in (office.marketing, office.it):
        await answer_all(office, channel, 14)
    path = office.bot.store.path
    files = [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]
    open_bytes = b"".join(file.read_bytes() for file in files)
    [key] = office.bot.store.path.with_name(path.name + "-keys").glob("*.key")
    with closing(sqlite3.connect(path)) as database:
        ballots = database.execute("SELECT person, sealed FROM ballot").fetchall()
    assert len(ballots) == len(people) - 2, "two are in channels of both sides"
    assert not any(person.id.encode() in open_bytes for person in people)
    await office.close()
    left = b"".join(file.read_bytes() for file in files)
    assert not key.exists()
    for person in people:
        assert person.id.encode() not in left
    for pseudonym, sealed in ballots:
        assert pseudonym[:8] in open_bytes
        assert pseudonym[:8] not in left
        assert sealed[:8] not in left


async def test_every_message_is_within_the_limits_of_slack(office: Office) -> None:
    """The stand-in refuses what Slack refuses; nothing that was sent came near."""
    await office.set_up()
    await office.open()
    await answer_all(office, office.it, 14)
    await office.close()
    reader = office.people(office.it)[0]
    lines = (
        "",
        "scores T01",
        "trend T01",
        "baselines",
        "baselines T01",
        "privacy",
        "status",
        "help",
        "power",
    )
    for line in lines:
        await office.says(reader, f"/pulse {line}", office.it)
    sent = [*office.posted(office.it), *office.posted(office.marketing), *reader.private(office.it)]
    assert len(sent) > len(lines)
    for message in sent:
        assert message_problems({"text": message.text, "blocks": message.blocks}) == []


async def test_private_answers_stay_private_until_shared(office: Office) -> None:
    """A card is posted for everybody only by its reader's own press on Share."""
    await office.set_up()
    await office.open()
    await answer_all(office, office.it, 12)
    await office.close()
    reader = office.people(office.it)[0]
    card = await office.says(reader, "/pulse scores", office.it)
    before = len(office.posted(office.it))
    await reader.tap(card, "share")
    await office.settled()
    assert len(office.posted(office.it)) == before + 1
    assert f"<@{reader.id}>" in office.posted(office.it)[-1].text
