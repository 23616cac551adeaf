"""The offer of what is stored, and the digest in a pulse's details."""

from __future__ import annotations

from dataclasses import replace

from pulse.core.cards import PrivacyCard
from pulse.core.evidence import digest, short
from pulse.core.records import ReadersRule
from pulse.core.reporting import report
from pulse.views import evidence
from pulse.views.message import Message
from pulse.views.privacy_page import privacy
from pulse.views.results import MODAL_BLOCKS, results_details
from rehearsal.blockkit import message_problems
from tests.golden import golden
from tests.views.waves import BANK, LEDGER, two_waves

KEPT = privacy(PrivacyCard(minimum=5, readers=ReadersRule.WORKSPACE))


def test_the_offer_and_its_answer_read_as_agreed() -> None:
    """Whole, within Slack's limits, with all words in the text."""
    shown = {"offered": evidence.with_download(KEPT, offered=True), "sent": evidence.sent()}
    for name, message in shown.items():
        assert message_problems({"text": message.text, "blocks": message.blocks}) == []
        golden(f"evidence_{name}", message)


def test_without_an_offer_the_message_stays_as_it_is() -> None:
    """No word of a file that its reader would not get."""
    assert evidence.with_download(KEPT, offered=False) == KEPT


def test_three_sentences_come_first() -> None:
    """What is kept while a pulse is open, what is left after it, and who can see: before everything else."""

    def lead(message: Message) -> list[str]:
        return [line.split("*")[1] for line in message.blocks[1]["text"]["text"].split("\n")]

    assert lead(KEPT) == ["While a pulse is open", "After it closes", "Who can see:"]
    assert lead(privacy(PrivacyCard(minimum=12))) == lead(KEPT)
    assert "none of fewer than 12 answers" in privacy(PrivacyCard(minimum=12)).text


def test_the_details_end_with_the_digest_of_their_wave() -> None:
    """The digest that the checker prints, however many questions the pulse had."""
    first, second = two_waves()
    made = report(second, [first], BANK, LEDGER)
    blocks = results_details(made)["blocks"]
    assert f"`{short(digest(second))}`" in blocks[-1]["elements"][0]["text"]
    many = results_details(replace(made, items=made.items * 20))["blocks"]
    assert len(many) == MODAL_BLOCKS
    assert many[-1] == blocks[-1]
