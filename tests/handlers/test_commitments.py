"""Commitments and expectations as people meet them: made, told, asked about, and said in the results."""

from __future__ import annotations

import copy
import re
from asyncio import gather
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from pulse.core.commitments import CommitmentDraft
from pulse.core.errors import NotNow
from pulse.core.model import Side
from pulse.views.commitments import withdraw_commitment_button
from rehearsal.blockkit import message_problems, view_problems
from rehearsal.driver import Ack, Actor
from tests.handlers.conftest import Office, at
from tests.handlers.test_audience import outsider

PING = re.compile(r"<[@!]")
TEXT = "Answer requests within two days"


async def commit(office: Office, **changed: Any) -> Ack:
    """A manager fills in the form."""
    await office.manager.command("/pulse commit", office.marketing)
    await office.settled()
    assert office.manager.modal is not None
    assert view_problems(office.manager.modal.content) == []
    ack = await office.manager.submit(values={"side": "it", "text": TEXT, "due_on": "2026-03-20", **changed})
    await office.settled()
    return ack


def told(office: Office, channel: str) -> list[str]:
    return [message.text for message in office.posted(channel) if TEXT in message.text]


async def home(office: Office, who: Actor) -> str:
    await who.open_home()
    await office.settled()
    assert who.home is not None
    return str(who.home.blocks)


async def fill_in(office: Office, channel: str, answers: Mapping[str, Mapping[str, int]]) -> None:
    """People of a channel send the form: `answers` has how many choose each option, by question."""
    spread = {
        item: [option for option, people in counts.items() for _person in range(people)]
        for item, counts in answers.items()
    }
    for number, person in enumerate(office.people(channel)[:12]):
        await person.command("/pulse answer", channel)
        await office.settled()
        await person.submit(values={f"item:{item}": chosen[number] for item, chosen in spread.items()})
    await office.settled()


async def test_both_sides_read_what_a_side_will_do(office: Office) -> None:
    """Once in each channel, without a name and without a ping."""
    await office.set_up()
    ack = await commit(office)
    assert ack.errors == {}
    for channel in (office.marketing, office.it):
        [text] = told(office, channel)
        assert text.startswith(f"*IT will do this by 20 March 2026:* {TEXT}")
        assert "Written by" not in text
        assert PING.search(text) is None


async def test_a_name_is_shown_only_where_its_owner_ticks_the_box(office: Office) -> None:
    """The name of whoever sends the form, as text."""
    await office.set_up()
    await commit(office, named=["named"])
    [text] = told(office, office.it)
    assert f"Written by {office.manager.person.name}." in text
    assert office.manager.id not in text


async def test_typed_text_pings_nobody(office: Office) -> None:
    """What a manager types is escaped in every place where it is read."""
    await office.set_up()
    await commit(office, text="<!channel> & *all*")
    assert any("&lt;!channel&gt; &amp; *all*" in message.text for message in office.posted(office.it))
    assert "&lt;!channel&gt;" in await home(office, office.people(office.it)[0])


async def test_a_mistake_is_shown_at_its_field(office: Office) -> None:
    """Nothing is posted, and nothing that was typed is lost."""
    await office.set_up()
    assert "a day after today" in (await commit(office, due_on="2026-03-03")).errors["due_on"]
    assert (await commit(office)).errors == {}
    assert "IT has an open commitment already" in (await commit(office)).errors["side"]
    assert len(told(office, office.it)) == 1
    assert (await commit(office, side="marketing")).errors == {}


async def test_two_managers_at_once_make_one_commitment(office: Office) -> None:
    """The second form is refused, however close together they are sent."""
    await office.set_up()
    service = office.bot.workspace.commitments
    today = service.day()
    draft = CommitmentDraft(side=Side.IT, text=TEXT, due_on=today.replace(day=20))
    made = await gather(service.add(draft), service.add(draft), return_exceptions=True)
    assert [type(one) for one in made] == [type(None), NotNow]


async def test_only_managers_commit_a_side(office: Office) -> None:
    """Others are told who can, by command, and nothing opens."""
    await office.set_up()
    person = office.people(office.it)[0]
    said = await office.says(person, "/pulse commit", office.it)
    assert "Only managers of the pulse" in said.text
    assert person.modal is None
    await commit(office)
    listed = await office.says(person, "/pulse commit withdraw", office.it)
    assert "Only managers of the pulse" in listed.text
    button = withdraw_commitment_button(office.bot.workspace.commitments.withdrawable()[0])
    forged = copy.deepcopy(office.posted(office.it)[-1])
    forged.blocks.append({"type": "actions", "block_id": "forged", "elements": [button]})
    await person.tap(forged, "commitment_withdraw")
    await office.settled()
    assert len(told(office, office.it)) == 1


async def test_any_manager_withdraws_and_both_sides_are_told(office: Office) -> None:
    """Whoever wrote it need not be there any more; then the side is free again."""
    await office.set_up()
    await commit(office)
    other = office.slack.actor("priya")
    await office.says(office.manager, f"/pulse managers add <@{other.id}>", office.marketing)
    listed = await office.says(other, "/pulse commit withdraw", office.it)
    await other.tap(listed, "commitment_withdraw")
    await office.settled()
    for channel in (office.marketing, office.it):
        assert told(office, channel)[-1] == f"*IT has withdrawn its commitment:* {TEXT}"
    assert "It was withdrawn on 3 March 2026." in await home(office, other)
    assert (await commit(office)).errors == {}


async def test_commitments_are_shown_to_those_who_may_read_results(office: Office) -> None:
    """Somebody of neither channel reads none on the Home tab."""
    await office.set_up()
    await commit(office)
    assert TEXT in await home(office, office.people(office.it)[0])
    stranger, _place = outsider(office)
    assert TEXT not in await home(office, stranger)


async def test_a_commitment_that_a_lost_pulse_asked_about_is_asked_about_again(office: Office) -> None:
    """A pulse that is called off has told nobody what came of it."""
    await office.set_up()
    await commit(office)
    await at(office, "2026-03-24T09:00:30")
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert "commitment.1" in wave.items
    await office.bot.store.call_off(wave.id, (), office.clock(), "lost")
    await at(office, "2026-03-31T09:00:30")
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert "commitment.1" in wave.items


async def test_a_pulse_without_answers_says_so_of_the_commitment(office: Office) -> None:
    """It was asked about: nobody is asked again, and the side is free."""
    await office.set_up()
    await commit(office)
    await at(office, "2026-03-24T09:00:30")
    await at(office, "2026-03-27T09:00:30")
    text = office.posted(office.it)[-1].text
    assert f"*Did it happen?* IT: {TEXT}\nFewer than 5 answers: hidden." in text
    assert "Both sides were asked on 24 March 2026." in await home(office, office.manager)
    assert (await commit(office, due_on="2026-04-20")).errors == {}


async def test_a_pulse_that_only_tells_of_a_commitment_has_no_other_results(office: Office) -> None:
    """Its message says so, and the Home tab and the scores stay those of the pulse before."""
    await office.set_up()
    await commit(office)
    await at(office, "2026-03-24T09:00:30")
    await fill_in(office, office.it, {"commitment.1": {"yes": 8, "no": 4}})
    await at(office, "2026-03-27T09:00:30")
    text = office.posted(office.it)[-1].text
    assert text.startswith("No results this time")
    assert "IT 8 of 12 say that it happened." in text
    reader = office.people(office.it)[0]
    assert "results appear when the first pulse closes" in await home(office, reader)
    said = await office.says(reader, "/pulse scores", office.it)
    assert "say that it happened" not in said.text


async def test_four_months_without_a_pulse_free_a_side(office: Office) -> None:
    """The commitment reads as one that nobody was asked about, and another can be made."""
    await office.set_up()
    await commit(office)
    await office.says(office.manager, "/pulse pause", office.marketing)
    await at(office, "2026-07-20T09:00:30")
    assert "No pulse asked about it in time." in await home(office, office.manager)
    assert (await commit(office, due_on="2027-07-20")).errors == {}


async def test_hostile_text_is_quoted_wherever_it_is_asked_about(office: Office) -> None:
    """In the poll, the form, the results, the details, the trend and the report: no ping, no broken block."""
    await office.set_up()
    hostile = "<!channel> <@U1> <https://evil.example|ok> *b* \u202e🚀 " + "ن" * 90
    assert (await commit(office, text=hostile)).errors == {}
    await at(office, "2026-03-24T09:00:30")
    person = office.people(office.it)[0]
    await person.command("/pulse answer", office.it)
    await office.settled()
    assert person.modal is not None
    assert view_problems(person.modal.content) == []
    assert "\u202e" not in str(person.modal.content)
    spread = {"T01": {"2": 3, "4": 9}, "commitment.1": {"yes": 8, "no": 4}}
    await fill_in(office, office.it, spread)
    await at(office, "2026-03-27T09:00:30")
    for said in ("/pulse trend T01", "/pulse report", "/pulse scores"):
        await office.says(office.manager, said, office.marketing)
    public = [*office.posted(office.it), *office.posted(office.marketing)]
    for message in (*public, *office.manager.private(office.marketing)):
        assert message_problems({"text": message.text, "blocks": message.blocks}) == []
        assert "<!channel>" not in str(message.blocks) + message.text
        assert "<@U1>" not in str(message.blocks) + message.text
        assert "<https://evil" not in str(message.blocks) + message.text


async def test_a_withdrawn_commitment_is_not_withdrawn_again(office: Office) -> None:
    """A second press of an old button changes nothing and says so."""
    await office.set_up()
    await commit(office)
    lists = [
        await office.says(office.manager, "/pulse commit withdraw", office.marketing) for _time in range(2)
    ]
    for listed in lists:
        await office.manager.tap(listed, "commitment_withdraw")
        await office.settled()
    assert "has ended already" in str(office.manager.private(office.marketing))
    assert len(told(office, office.it)) == 2


async def test_words_behind_the_command_are_not_guessed_at(office: Office) -> None:
    """And with nothing to withdraw it says so."""
    await office.set_up()
    said = await office.says(office.manager, "/pulse commit everything", office.marketing)
    assert "/pulse commit withdraw" in said.text
    said = await office.says(office.manager, "/pulse commit withdraw", office.marketing)
    assert "No commitment is open" in said.text


async def test_a_commitment_is_made_on_the_home_tab(office: Office) -> None:
    """With the same form, and it stands there for everybody."""
    await office.set_up()
    assert "Commit to something" in await home(office, office.manager)
    assert office.manager.home is not None
    await office.manager.tap(office.manager.home, "commitment_open")
    await office.settled()
    assert office.manager.modal is not None
    await office.manager.submit(values={"side": "it", "text": TEXT, "due_on": "2026-03-20"})
    await office.settled()
    shown = await home(office, office.people(office.marketing)[0])
    assert f"IT will do this by 20 March 2026: {TEXT}." in shown


async def test_six_waves_from_a_wrong_expectation_to_a_kept_word(office: Office) -> None:
    """Low trust, a commitment, its question, a wrong expectation, and a rise beside a mark."""
    await office.set_up()
    asked, results = [], []
    for week in range(6):
        opens = date(2026, 3, 3) + timedelta(weeks=week)
        await at(office, f"{opens}T09:00:30")
        wave = office.bot.workspace.waves.current
        assert wave is not None
        asked.append(wave.items)
        trusting = 3 if week < 5 else 9
        other = {"commitment.1": {"yes": 8, "partly": 3, "no": 1}, "expected.T01": {"2_3": 9, "4_6": 3}}
        shared = {item: counts for item, counts in other.items() if item in wave.items}
        marketing = {"T01": {"2": 12 - trusting, "4": trusting}, **shared}
        await fill_in(office, office.marketing, marketing)
        await fill_in(office, office.it, {"T01": {"2": 3, "4": 9}, **shared})
        if week == 5:
            listed = await office.says(office.manager, "/pulse commit withdraw", office.marketing)
            assert "No commitment is open" in listed.text
        await at(office, f"{opens + timedelta(days=3)}T09:00:30")
        assert office.bot.workspace.waves.current is None
        results.append(office.posted(office.it)[-1])
        if week == 0:
            assert (await commit(office, due_on="2026-04-06")).errors == {}

    assert all(len(items) == 4 for items in asked)
    assert [week for week, items in enumerate(asked) if "commitment.1" in items] == [5]
    assert [week for week, items in enumerate(asked) if "expected.T01" in items] == [4]
    assert asked[4].index("expected.T01") == asked[4].index("T01") + 1

    texts = [message.text for message in results]
    assert [week for week, text in enumerate(texts) if "Did it happen?" in text] == [5]
    assert f"*Did it happen?* IT: {TEXT}\nMarketing 8 of 12, IT 8 of 12 say that it happened." in texts[5]
    assert [week for week, text in enumerate(texts) if "expected about" in text] == [4]
    assert "Marketing expected about 3 of 10 in IT to agree; more do: 9 of 12 (75%)." in texts[4]
    assert "IT expected about 3 of 10 in marketing to agree; these agree: 3 of 12 (25%)." in texts[4]
    for message in results:
        assert message_problems({"text": message.text, "blocks": message.blocks}) == []
        assert PING.search(message.text.replace("<!date", "")) is None

    reader = office.people(office.marketing)[0]
    trend = await office.says(reader, "/pulse trend T01", office.marketing)
    assert f"IT was to do this by 6 April 2026: {TEXT}" in trend.text
    assert "15 of 60 (25%) agree in 5 pulses before, 9 of 12 (75%) in 1 pulse after." in trend.text
    assert "A mark says when, not why" in trend.text
    assert "Both sides were asked on 7 April 2026." in await home(office, reader)


async def test_under_eleven_answers_nothing_is_said_of_what_a_side_expects(office: Office) -> None:
    """Not in the message, and not in the file."""
    await office.set_up()
    for week in range(4):
        opens = date(2026, 3, 3) + timedelta(weeks=week)
        await at(office, f"{opens}T09:00:30")
        await at(office, f"{opens + timedelta(days=3)}T09:00:30")
    await at(office, "2026-03-31T09:00:30")
    wave = office.bot.workspace.waves.current
    assert wave is not None
    assert "expected.T01" in wave.items
    for person in office.people(office.it)[:10]:
        await person.command("/pulse answer", office.it)
        await office.settled()
        await person.submit(values={"item:T01": "4", "item:expected.T01": "2_3"})
    await at(office, "2026-04-03T09:00:30")
    assert "xpected" not in office.posted(office.it)[-1].text
    closed = (await office.bot.store.closed_waves())[-1]
    assert (closed.id, closed.expected) == (wave.id, {})


async def test_a_trend_that_was_read_before_shows_a_new_commitment(office: Office) -> None:
    """Cards are kept until something changes; a commitment made or withdrawn is a change."""
    await office.set_up()
    await at(office, "2026-03-03T09:00:30")
    await fill_in(office, office.it, {"T01": {"2": 3, "4": 9}})
    await at(office, "2026-03-06T09:00:30")
    reader = office.people(office.it)[0]
    before = await office.says(reader, "/pulse trend T01", office.it)
    assert TEXT not in before.text
    await commit(office)
    marked = await office.says(reader, "/pulse trend T01", office.it)
    assert f"6 March 2026: IT was to do this by 20 March 2026: {TEXT}" in marked.text
    listed = await office.says(office.manager, "/pulse commit withdraw", office.marketing)
    await office.manager.tap(listed, "commitment_withdraw")
    await office.settled()
    after = await office.says(reader, "/pulse trend T01", office.it)
    assert TEXT not in after.text
