"""The report for leaders: its message, its text in full, and its page."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date
from pathlib import Path

import pytest

from pulse.core.commitments import Commitment
from pulse.core.language import speaking
from pulse.core.model import ClosedWave, Item, Note, Side
from pulse.core.quarterly import QuarterReport, quarter_report
from pulse.core.quarters import Quarter
from pulse.core.reporting import headline, report
from pulse.core.reports import Finding, Headline, WaveReport
from pulse.storage.catalogues import catalogue
from pulse.views import canvas, report_page
from pulse.views.painting import paint
from pulse.views.quarter import (
    CHANGES,
    COMMITMENTS,
    NOTES,
    file_name,
    finding,
    quarter_in_full,
    quarter_message,
    quarter_page,
    report_sent,
    report_without_page,
)
from rehearsal.blockkit import problems
from tests.golden import golden
from tests.views.waves import BANK, LEDGER, LIBRARY, shipped, trust, wave

FOURTH = Quarter(2026, 4)
PINNED = ("T01", "A01", "A02")
OTHERS = tuple(item.id for item in BANK if item.id not in PINNED)


def spread(item: Item, n: int, mood: float, luck: random.Random) -> list[int]:
    """`n` invented answers to an item; the mood is the share of agreement, roughly."""
    options = sum(option.counted for option in item.options)
    weights = [1 - mood, 1 - mood, 0.4, mood, mood] if options == 5 else [3, 4, 2, 1, 1, 1, 1, 1][:options]
    counts = [0] * options
    for chosen in luck.choices(range(options), weights, k=n):
        counts[chosen] += 1
    return counts


def half_a_year(people: int = 12) -> list[ClosedWave]:
    """Weekly to 24 December 2026: three questions every week, one in turn; marketing turns in October."""
    luck = random.Random(2013)
    closed = []
    for number in range(21):
        counts = {}
        for item_id in (*PINNED, OTHERS[number % len(OTHERS)]):
            for side in Side:
                mood = 0.85 if number >= 11 and side is Side.MARKETING else 0.35
                few = number == 15 and side is Side.IT
                counts[item_id, side] = spread(shipped(item_id), 3 if few else people, mood, luck)
        closed.append(wave(number, counts, roster=people + 4))
    return closed


def of(closed: list[ClosedWave], language: str = "en", *commitments: Commitment) -> QuarterReport:
    bank = LIBRARY.asked_in(language).bank

    def made(one: ClosedWave) -> WaveReport:
        return report(one, closed, bank, LEDGER)

    found = quarter_report(FOURTH, closed, bank, made, UTC, commitments=commitments)
    assert found is not None
    return found


def promise(
    number: int = 1, text: str = "Every request gets a first answer in two working days"
) -> Commitment:
    return Commitment(id=number, side=Side.IT, text=text, made_on=date(2026, 10, 5), due_on=date(2026, 12, 1))


def busy(language: str = "en") -> QuarterReport:
    note = Note(date(2026, 10, 20), "New intake form")
    return replace(of(half_a_year(), language, promise()), notes=(note,))


def test_the_message_for_the_channels() -> None:
    """The finding first, then what changed, three questions beside their studies, the gaps, who answered."""
    message = quarter_message(busy())
    assert problems(message.blocks, surface="message") == []
    golden("quarter_message", message)


def test_the_text_in_full() -> None:
    """All that the page says, for whoever gets it; Slack cuts a message at 4,000 characters."""
    message = quarter_in_full(busy())
    assert problems(message.blocks, surface="message") == []
    assert len(message.text) < 4000
    golden("quarter_in_full", message)


def test_the_page_says_what_the_text_says() -> None:
    """Each paragraph of the page stands in the text, and its sources besides."""
    made = busy()
    text = quarter_in_full(made).text.replace("*", "").replace("&amp;", "&")
    page = quarter_page(made)
    said = [page.finding, page.period, *(p for passage in page.passages for p in passage.paragraphs)]
    assert [paragraph for paragraph in said if paragraph not in text] == []
    assert all(source in text for source in page.sources.split(". ")[0:1])


def test_the_finding_is_one_line() -> None:
    """A change with its day where one pulse told it; a difference from a study; a gap."""
    made = busy()
    assert finding(made) == (
        "The others keep promises: up in marketing, from 34–36% in 11 pulses to 73–81% in the next 4"
    )
    first = made.changes[0]
    told = replace(made.headline, item_id=first.item_id, change=first)
    assert finding(replace(made, headline=told)) == (
        "Alignment is needed: up in marketing, from 30–32% in 11 pulses to 83–100% on 22 October"
    )
    told = headline([found.report for found in made.items if found.item.id == "T01"])
    assert (told.kind, finding(replace(made, headline=told))) == (
        Finding.STUDY,
        "The others keep promises, IT: 6 of 12 agree (50%). Below Forrester/Forbes 2014’s 68%.",
    )
    gap = next(found.report.gap for found in made.items if found.report.gap and found.report.gap.verdict)
    told = Headline(kind=Finding.GAP, first=False, item_id=made.items[0].item.id, gap=gap)
    assert finding(replace(made, headline=told)) == f"The others keep promises: {gap.sentence}"


def test_a_verdict_that_this_pulse_does_not_show_says_of_how_many_it_is() -> None:
    """8 of 13 is printed as 62%: "below the 62%" beside it would read as a mistake, and is no finding."""
    low, near, few = [3, 5, 2, 2, 1], [1, 2, 2, 4, 4], [1, 1, 1, 0, 0]
    made = of([*(trust(10 + number, low, few) for number in range(3)), trust(13, near, few)])
    text = quarter_message(made).text
    assert (
        "Marketing: 8 of 13 agree (62%). Below Forrester/Forbes 2014’s 62% in the last 4 pulses together."
        in text
    )
    assert finding(made) == "Nothing stands out in this quarter."


def test_a_quiet_quarter_says_so() -> None:
    """No change, difference or gap: that is the finding."""
    even = [2, 2, 4, 2, 2]
    closed = [wave(10 + n, {("R03", side): even for side in Side}) for n in range(3)]
    message = quarter_message(of(closed))
    assert finding(of(closed)) == "Nothing stands out in this quarter."
    assert "No change was called in this quarter." in message.text
    golden("quarter_quiet", message)


def test_a_hidden_quarter_has_no_number_of_answers() -> None:
    """If fewer than five answered on both sides, nothing tells how many."""
    few = [1, 1, 1, 0, 0]
    made = of([trust(10, few, few)])
    assert finding(made) == "No results in this quarter: too few people answered."
    for message in (quarter_message(made), quarter_in_full(made)):
        assert "too few answered to say how many" in message.text
        assert not {"3", "3 of 20", "20"} & set(message.text.replace(".", " ").split())
    golden("quarter_hidden", quarter_in_full(made))


def test_in_german() -> None:
    """The same in German."""
    with speaking(catalogue("de")):
        golden("quarter_message_de", quarter_message(busy("de")))


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_commitment_says_where_it_stands(language: str) -> None:
    """Open, due, asked, answered, withdrawn and never asked each have a sentence of their own."""
    one, last = promise(), FOURTH.last
    each = [
        (one, date(2026, 11, 1)),
        (one, last),
        (replace(one, asked_in=9), last),
        (replace(one, asked_in=9, answered_on=date(2026, 12, 8)), last),
        (replace(one, withdrawn_on=date(2026, 11, 9)), last),
        (one, date(2027, 6, 1)),
    ]
    with speaking(catalogue(language)):
        made = busy(language)
        pages = [
            quarter_page(replace(made, commitments=(commitment,), today=today)) for commitment, today in each
        ]
    told = {passage.paragraphs[0] for page in pages for passage in page.passages if one.text in str(passage)}
    assert len(told) == len(each)


def test_a_commitment_has_the_counts_around_its_day() -> None:
    """Of the first question, with the sentence that they show no cause; without counts it is left out."""
    text = quarter_in_full(busy()).text
    assert "*The others keep promises, Marketing*: 60 to 70 of 96 (63–73%) agree in 8 pulses before" in text
    assert "A mark says when, not why" in text
    ahead = replace(promise(), due_on=date(2027, 2, 1))
    assert "A mark says" not in quarter_in_full(of(half_a_year(), "en", ahead)).text


def test_the_newest_commitments_are_told() -> None:
    """A page has room for two: an older one stands on the trend."""
    text = quarter_in_full(replace(busy(), commitments=tuple(promise(n, f"Word {n}") for n in range(5)))).text
    assert ("Word 4." in text, "Word 3." in text, "Word 2." in text) == (True, True, False)


def test_what_was_typed_is_escaped() -> None:
    """A note and a commitment cannot ping anybody."""
    note = Note(date(2026, 10, 20), "<!channel> & co")
    made = replace(busy(), notes=(note,), commitments=(promise(text="<!here>"),))
    text = quarter_in_full(made).text
    assert "<!" not in text
    assert "&lt;!channel&gt; &amp; co" in text
    assert "&lt;!here&gt;" in text


def test_what_the_sender_is_told() -> None:
    """That it is in the direct messages, with its page or without."""
    golden("report_sent", report_sent())
    golden("report_without_page", report_without_page())
    assert file_name(busy()) == "pulse-2026-Q4.pdf"


def fullest(language: str) -> bytes:
    """A page with the most of everything, and long words of people."""
    with speaking(catalogue(language)):
        made = of(half_a_year(60), language, promise())
        change = made.changes[0]
        typed = "Ein sehr langer Satz von Menschen " * 10
        made = replace(
            made,
            changes=(change,) * (CHANGES + 3),
            notes=tuple(Note(date(2026, 10, 20), typed[:200]) for _ in range(NOTES + 3)),
            commitments=tuple(promise(n, typed[:160]) for n in range(COMMITMENTS + 3)),
            around=dict.fromkeys(range(COMMITMENTS + 3), made.around[1]),
        )
        return paint(quarter_page(made))


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_fullest_page_is_one_page(language: str, tmp_path: Path) -> None:
    """Whatever a quarter brings, it stands on one page whose words can be searched."""
    file = tmp_path / "page.pdf"
    file.write_bytes(fullest(language))
    assert file.read_bytes().count(b"/Type /Page ") == 1
    assert b"/FontFile2" in file.read_bytes()


def test_words_shrink_only_until_they_fit() -> None:
    """A short report has the full size, the fullest a smaller one, never below 7.5 points."""
    short = quarter_page(of([trust(10, [2, 2, 4, 2, 2], [2, 2, 4, 2, 2])]))
    assert report_page._drawn(short, *report_page.FITS[0]).fits_page
    points = report_page.TEXT * report_page.FITS[-1][0] * canvas.A4_INCHES[0] * 72 / report_page.WIDTH
    assert points >= 7.5
