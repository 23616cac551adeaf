"""Commitments in Slack: the form, the post in both sides' channels, and where each one stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from textwrap import shorten
from typing import Any

from pulse.core.cards import CommitmentCard, CommitmentsCard
from pulse.core.commitments import TEXT_LIMIT, Commitment, CommitmentDraft, CommitmentState
from pulse.core.dates import day
from pulse.core.errors import FormNotUnderstood
from pulse.core.followup import CommitmentReport, ExpectationReport
from pulse.core.language import _
from pulse.core.model import Side
from pulse.core.reports import WaveReport
from pulse.core.wording import hidden
from pulse.views.blocks import (
    Element,
    button,
    confirm,
    context,
    header,
    message,
    option,
    plain,
    section,
)
from pulse.views.message import Block, Message, View, escape
from pulse.views.titles import title

CALLBACK = "commitment"
FIELD = "field"
WITHDRAW = "commitment_withdraw"
OPEN = "commitment_open"
SHORT = 32
"""Characters of a commitment in a result, which is read in seconds."""
MOST_LINES = 6
"""Commitments on the Home tab, the newest ones."""


def commitment_form() -> View:
    """The form in which a manager writes what a side will do."""
    intro = _(
        "One thing that your side will do, by a day. Both sides' channels see it. After that day a pulse "
        "asks both sides whether it happened."
    )
    sides = [option(_(side.label), str(side)) for side in Side]
    named = option(_("Show my name with it"), "named")
    fields: list[Block] = [
        _input("side", _("Which side?"), {"type": "radio_buttons", "options": sides}),
        _input("text", _("What will it do?"), {"type": "plain_text_input", "max_length": TEXT_LIMIT}),
        _input("due_on", _("By when?"), {"type": "datepicker"}),
        {**_input("named", _("Your name"), {"type": "checkboxes", "options": [named]}), "optional": True},
    ]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain(_("A commitment")),
        "submit": plain(_("Post it")),
        "close": plain(_("Cancel")),
        "blocks": [section(intro), *fields],
    }


def _input(name: str, label: str, element: Element) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "element": {**element, "action_id": FIELD},
    }


def parse_commitment(view_state: Mapping[str, Any], name: str) -> CommitmentDraft:
    """The draft of a submitted form; `name` is its writer's, used if they want it shown.

    Raises FormNotUnderstood.
    """
    values = view_state.get("values") if isinstance(view_state, Mapping) else None
    if not isinstance(values, Mapping):
        raise FormNotUnderstood
    side, due_on = _value(values, "side"), str(_field(values, "due_on").get("selected_date"))
    text = _field(values, "text").get("value")
    named = _field(values, "named").get("selected_options") or []
    try:
        return CommitmentDraft(
            side=Side(side), text=str(text or ""), due_on=date.fromisoformat(due_on), by=name if named else ""
        )
    except ValueError as error:
        raise FormNotUnderstood from error


def _field(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = values.get(name)
    field = block.get(FIELD) if isinstance(block, Mapping) else None
    if not isinstance(field, Mapping):
        raise FormNotUnderstood
    return field


def _value(values: Mapping[str, Any], name: str) -> str:
    chosen = _field(values, name).get("selected_option")
    return str(chosen.get("value")) if isinstance(chosen, Mapping) else ""


def commitment_message(card: CommitmentCard) -> Message:
    """What both sides' channels read of a commitment."""
    return withdrawn_post(card.commitment) if card.withdrawn else commitment_post(card.commitment)


def commitment_post(commitment: Commitment) -> Message:
    """What both sides' channels read when a side has committed itself."""
    said = _("*{side} will do this by {day}:* {text}").format(
        side=_(commitment.side.label), day=day(commitment.due_on), text=escape(commitment.text)
    )
    after = _("After that day a pulse asks both sides whether it happened.")
    return message([section(said), context(_signed(commitment, after))])


def withdrawn_post(commitment: Commitment) -> Message:
    """What both sides' channels read when a commitment is taken back."""
    said = _("*{side} has withdrawn its commitment:* {text}").format(
        side=_(commitment.side.label), text=escape(commitment.text)
    )
    return message([section(said)])


def _signed(commitment: Commitment, after: str) -> str:
    if not commitment.by:
        return after
    return _("Written by {name}. {after}").format(name=escape(commitment.by), after=after)


def commitment_line(commitment: Commitment, today: date) -> str:
    """Where a commitment stands, in mrkdwn."""
    return standing(commitment, today, escape(commitment.text))


def standing(commitment: Commitment, today: date, text: str) -> str:
    """Where a commitment stands on a day; `text` is its wording, escaped or cut by the caller."""
    state = commitment.state(today)
    if state is CommitmentState.OPEN:
        form = _("{side} will do this by {day}: {text}")
    else:
        form = _("{side} was to do this by {day}: {text}")
    said = form.format(side=_(commitment.side.label), day=day(commitment.due_on), text=_sentence(text))
    return " ".join(part for part in (said, _since(commitment, state)) if part)


def _since(commitment: Commitment, state: CommitmentState) -> str:
    """What has become of it; empty until its day."""
    sentences = {
        CommitmentState.OPEN: "",
        CommitmentState.DUE: _("A coming pulse asks whether it happened."),
        CommitmentState.ASKED: _("The open pulse asks whether it happened."),
        CommitmentState.ANSWERED: _("Both sides were asked on {day}."),
        CommitmentState.WITHDRAWN: _("It was withdrawn on {day}."),
        CommitmentState.NEVER_ASKED: _("No pulse asked about it in time."),
    }
    ended = commitment.withdrawn_on or commitment.answered_on
    return sentences[state].format(day=day(ended) if ended else "")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def withdraw_commitment_button(commitment: Commitment) -> Element:
    """The button that withdraws a commitment, after a confirmation."""
    ask = confirm(
        _("Withdraw this commitment?"),
        _("Both channels are told that it is withdrawn. No pulse asks about it."),
        _("Withdraw"),
        _("Let it stand"),
    )
    return button(_("Withdraw"), WITHDRAW, value=str(commitment.id), confirm=ask)


def commitments_to_withdraw(commitments: Sequence[Commitment], today: date) -> Message:
    """The commitments that can be taken back, each with its button."""
    if not commitments:
        nothing = _("No commitment is open, so there is none to withdraw. /pulse commit makes one.")
        return message([section(nothing)])
    return message(
        [
            section(commitment_line(one, today), accessory=withdraw_commitment_button(one))
            for one in commitments
        ]
    )


def commitment_kept() -> Message:
    """What a manager reads after the form was sent."""
    said = _("Both sides' channels are told. `/pulse commit withdraw` takes it back.")
    return message([section(said)])


def commitment_taken_back() -> Message:
    """What a manager reads after withdrawing."""
    return message([section(_("It is withdrawn. Both sides' channels are told."))])


def home_commitments(card: CommitmentsCard | None) -> list[Block]:
    """The commitments on the Home tab, if there are any."""
    if card is None or not card.commitments:
        return []
    lines = [f"• {commitment_line(one, card.today)}" for one in card.commitments]
    return [header(_("Commitments")), *(section(line) for line in lines[-MOST_LINES:])]


def followup(report: WaveReport) -> list[Block]:
    """What a wave says of expectations and commitments; empty if it asked about neither."""
    expected, kept = _expected(report.expectations), [_answered(found) for found in report.commitments]
    return [section(text) for text in [*expected, *kept]]


def followup_in_short(report: WaveReport, told: Collection[str]) -> list[Block]:
    """The same for the message, without expectations of the questions `told`: they are shown with those.

    The whole commitment, its day and the per cents are in the details.
    """
    elsewhere = [found for found in report.expectations if found.item.id not in told]
    kept = [_answered_in_short(found, report.wave.minimum) for found in report.commitments]
    return [section(text) for text in [*_expected(elsewhere), *kept]]


def _answered_in_short(found: CommitmentReport, minimum: int) -> str:
    text = found.commitment.text
    whole_words = shorten(text, SHORT, placeholder="…")
    short = whole_words if whole_words != "…" else f"{text[: SHORT - 1]}…"
    said = _("*Did it happen?* {side}: {text}").format(
        side=_(found.commitment.side.label), text=escape(short)
    )
    shares = [
        _("{side} {share}").format(side=_(side.label), share=share) for side, share in found.counts.items()
    ]
    if not shares:
        return f"{said}\n{escape(hidden(minimum))}"
    lines = [_("{shares} say that it happened.").format(shares=", ".join(shares))]
    lines += [
        _("*{side}:* {sentence}").format(side=_(side.label), sentence=hidden(minimum))
        for side in Side
        if side not in found.counts
    ]
    return "\n".join([said, *(escape(line) for line in lines)])


def _expected(found: Iterable[ExpectationReport]) -> list[str]:
    by_item: dict[str, list[ExpectationReport]] = {}
    for one in found:
        by_item.setdefault(one.item.id, []).append(one)
    heading = _("*{title}: what each side expected*")
    return [
        "\n".join(
            [
                heading.format(title=escape(title(each[0].item))),
                *(escape(one.sentence) for one in each),
            ]
        )
        for each in by_item.values()
    ]


def _answered(found: CommitmentReport) -> str:
    said = _("*Did it happen?* {side} was to do this by {day}: {text}").format(
        side=_(found.commitment.side.label),
        day=day(found.commitment.due_on),
        text=escape(found.commitment.text),
    )
    lines = [
        _("*{side}:* {sentence}").format(side=_(side.label), sentence=escape(sentence))
        for side, sentence in found.sentences.items()
    ]
    return "\n".join([said, *lines])
