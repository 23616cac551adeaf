"""Every command and its private reply; typos, long texts, and what is shared."""

from __future__ import annotations

import pytest

from handlers.commands import BY_WORD, COMMANDS
from pulse.core.errors import BadRequest
from pulse.core.model import DIMENSIONS
from rehearsal.blockkit import message_problems
from tests.handlers.conftest import Office


async def closed_once(office: Office) -> None:
    """One wave with twelve answers a side."""
    await office.set_up()
    await office.open()
    for channel in (office.marketing, office.it):
        for person in office.people(channel)[:12]:
            await office.answer(person, channel, "4")
    await office.close()


def test_every_word_means_one_command() -> None:
    """No word or alias stands in the table twice, and each command either replies or opens a window."""
    words = [word for command in COMMANDS for word in (command.word, *command.aliases)]
    assert sorted(words) == sorted(BY_WORD)
    ways = {each.word: [way for way in (each.run, each.window, each.either) if way] for each in COMMANDS}
    assert [word for word, given in ways.items() if len(given) != 1] == []


async def test_help_fits_a_phone(office: Office) -> None:
    """Each command is one short line."""
    said = await office.says(office.people(office.it)[0], "/pulse help", office.it)
    lines = [line for line in said.text.splitlines() if line.startswith("`/pulse")]
    assert len(lines) == len(COMMANDS)
    assert max(len(line) for line in lines) <= 80


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("scoers", "scores"),
        ("TRND", "trend"),
        ("basleines", "baselines"),
        ("setpu", "setup"),
        ("anwser", "answer"),
    ],
)
async def test_a_mistyped_command_gets_the_right_one(office: Office, typed: str, meant: str) -> None:
    """With the help below."""
    said = await office.says(office.people(office.it)[0], f"/pulse {typed}", office.it)
    assert f"Did you mean `/pulse {meant}`?" in said.text


@pytest.mark.parametrize("command", ["scores", "trend", "baselines"])
async def test_a_mistyped_question_gets_the_nearest(office: Office, command: str) -> None:
    """By its code; a code that is near to none gets the way to the list."""
    await office.set_up()
    reader = office.people(office.it)[0]
    near = await office.says(reader, f"/pulse {command} T0l", office.it)
    assert "T01" in near.text
    far = await office.says(reader, f"/pulse {command} qqqqqq", office.it)
    assert "/pulse baselines" in far.text


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("trust", "Which question is meant by “trust”? The nearest are T01 ("),
        ("q" * 50, f"There is no question “{'q' * 40}”."),
    ],
)
def test_a_word_must_mean_one_question(office: Office, word: str, said: str) -> None:
    """The service refuses any other with the nearest questions' titles, and repeats 40 letters at most."""
    with pytest.raises(BadRequest) as refused:
        office.bot.workspace.results.item_meant(word)
    assert said in str(refused.value)


async def test_a_question_is_found_in_small_letters_and_by_a_word(office: Office) -> None:
    """People do not type codes as they are printed."""
    await closed_once(office)
    reader = office.people(office.it)[0]
    assert "agree" in (await office.says(reader, "/pulse scores t01", office.it)).text
    assert "agree" in (await office.says(reader, "/pulse  SCORES   T01 ", office.it)).text


@pytest.mark.parametrize(
    "word", sorted(word for word, command in BY_WORD.items() if command.run is not None and word != "help")
)
async def test_every_command_before_the_set_up_has_its_sentence(office: Office, word: str) -> None:
    """Nothing fails before anything is set up."""
    said = await office.says(office.manager, f"/pulse {word}", office.marketing)
    assert "went wrong" not in said.text
    assert message_problems({"text": said.text, "blocks": said.blocks}) == []


async def test_answering_is_only_possible_while_a_pulse_is_open(office: Office) -> None:
    """The command says where the next one is named."""
    await office.set_up()
    said = await office.says(office.people(office.it)[0], "/pulse answer", office.it)
    assert "No pulse is open" in said.text


async def test_a_note_is_shown_as_it_was_typed(office: Office) -> None:
    """Names, channels and signs arrive as ids and entities; what is kept are the words, and nobody's id."""
    await office.set_up()
    line = '/pulse note "R&D <!channel> with @amara in #it, see https://example.org"'
    said = await office.says(office.manager, line, office.marketing)
    [note] = await office.bot.store.notes()
    assert note.text == "R&D <!channel> with @amara in #it, see https://example.org"
    assert "R&amp;D &lt;!channel&gt; with @amara" in said.text
    too_long = await office.says(office.manager, f"/pulse note {'x' * 201}", office.marketing)
    assert "at most 200 characters" in too_long.text
    assert len(await office.bot.store.notes()) == 1


@pytest.mark.parametrize("word", ["", "T01", *DIMENSIONS])
async def test_published_figures_can_be_shared_within_slacks_limits(office: Office, word: str) -> None:
    """Every topic, in the sharer's name; the private card gives way to a line that says so."""
    reader = office.people(office.it)[0]
    card = await office.says(reader, f"/pulse baselines {word}", office.it)
    await reader.tap(card, "share")
    await office.settled()
    shared = office.posted(office.it)[-1]
    assert f"Shown by <@{reader.id}>" in shared.text
    assert len(shared.blocks) <= 50
    assert [button for block in shared.blocks if block["type"] == "actions" for button in block] == []
    assert "Shared in this channel" in card.text


@pytest.mark.parametrize("line", ["scores", "scores T01", "trend T01"])
async def test_results_are_shared_by_their_button_alone(office: Office, line: str) -> None:
    """The same card, for everybody."""
    await closed_once(office)
    reader = office.people(office.it)[0]
    before = len(office.posted(office.it))
    card = await office.says(reader, f"/pulse {line}", office.it)
    words = card.text
    assert len(office.posted(office.it)) == before
    await reader.tap(card, "share")
    await office.settled()
    shared = office.posted(office.it)[-1]
    assert shared.text.startswith(words)
    assert f"Shown by <@{reader.id}>" in shared.text


async def test_the_published_totals_are_sent_as_files(office: Office) -> None:
    """To the manager who asked, in a direct message; before the first close there is nothing to send."""
    await office.set_up()
    none = await office.says(office.manager, "/pulse export", office.marketing)
    assert "nothing to export yet" in none.text
    await office.open()
    for person in office.people(office.it)[:12]:
        await office.answer(person, office.it, "4")
    await office.close()
    said = await office.says(office.manager, "/pulse export", office.marketing)
    assert "`pulse-scores.csv`" in said.text
    names = [office.slack.workspace.files[each].name for each in office.manager.dms[-1].files]
    assert names == ["pulse-scores.csv", "pulse-participation.csv", "pulse-expectations.csv", "pulse.json"]
    refused = await office.says(office.people(office.it)[4], "/pulse export", office.it)
    assert "Only managers" in refused.text
