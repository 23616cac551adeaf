"""The whole loop, as its users live it: set up, open, answer, close, read."""

from __future__ import annotations

from tests.handlers.conftest import Office


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
        print(results.text)
        assert "T01" not in results.text
