"""`/pulse questions`: the bank by topic, each question's comparisons, and the form to add a question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from pulse.core.cards import QuestionLine, QuestionsCard
from pulse.core.dates import day
from pulse.core.errors import FormNotUnderstood
from pulse.core.items import LABEL_LIMIT, WORDING_LIMIT
from pulse.core.language import N_, _
from pulse.core.model import DIMENSIONS, Direction, Format
from pulse.core.own_questions import QuestionDraft
from pulse.core.question_plan import Turn
from pulse.views.blocks import Element, actions, button, context, header, option, plain, section
from pulse.views.message import Block, View, escape
from pulse.views.titles import dimension, title

CALLBACK = "question"
LIST = "questions"
TURN = "question_turn"
ADD = "question_add"
SUGGEST = "question_suggest"
EDIT = "edit"
FIELD = "field"
BLOCKS_LIMIT = 100
OPTIONS_TEXT = (LABEL_LIMIT + 1) * 10

_TURNS = {
    Turn.PINNED: N_("In every pulse"),
    Turn.ROTATING: N_("In turn"),
    Turn.OFF: N_("Never"),
}
_FORMATS = {
    Format.AGREE5: N_("Agree or disagree, in five steps"),
    Format.CHOICE: N_("One of several answers"),
    Format.MULTI: N_("Any of several answers"),
}
_DIRECTIONS = {
    Direction.POSITIVE: N_("It is good news when people agree"),
    Direction.NEGATIVE: N_("It is bad news when people agree"),
}


def questions_view(card: QuestionsCard, notice: str = "") -> View:
    """The modal with the whole bank; a manager can pin a question, let it take turns or switch it off.

    `notice` says what was just done, or why it was not.
    """
    intro = _(
        "A pulse asks {size} questions: first those in every pulse, then those whose turn it is. "
        "A change holds from the next pulse on."
    ).format(size=card.size)
    buttons = [
        button(_("Add a question"), ADD, style="primary"),
        button(_("Use the suggested plan"), SUGGEST),
    ]
    blocks = [section(escape(notice))] if notice else []
    blocks.append(section(intro))
    blocks.append(
        actions(buttons) if card.may_change else context(_("Managers of the pulse can change this."))
    )
    ordered = sorted(card.lines, key=lambda line: DIMENSIONS.index(line.item.dimension))
    for _topic, lines in groupby(ordered, key=lambda line: line.item.dimension):
        of_topic = list(lines)
        blocks.append(header(dimension(of_topic[0].item)))
        blocks += [_question(line, card.may_change) for line in of_topic]
    return {
        "type": "modal",
        "callback_id": LIST,
        "title": plain(_("Questions")),
        "close": plain(_("Close")),
        "blocks": _within(blocks),
    }


def _within(blocks: list[Block]) -> list[Block]:
    """As many blocks as Slack takes; the last one says how many are left out."""
    if len(blocks) <= BLOCKS_LIMIT:
        return blocks
    left_out = len(blocks) - BLOCKS_LIMIT + 1
    return [*blocks[: BLOCKS_LIMIT - 1], context(_("{count} more do not fit here.").format(count=left_out))]


def _question(line: QuestionLine, may_change: bool) -> Block:
    facts = [f"*{_(_TURNS[line.turn])}*"]
    if line.figures:
        facts.append(_("compared with {figures}").format(figures=", ".join(line.figures)))
    if line.last_asked is not None:
        facts.append(_("last asked {day}").format(day=day(line.last_asked)))
    text = f"{escape(line.item.id)}  {escape(title(line.item))}\n{escape(' · '.join(facts))}"
    return section(text, _menu(line) if may_change else None)


def _menu(line: QuestionLine) -> Element:
    choices = [option(_(_TURNS[turn]), f"{turn}:{line.item.id}") for turn in Turn if turn is not line.turn]
    if line.item.own:
        choices.append(option(_("Change its words"), f"{EDIT}:{line.item.id}"))
    return {"type": "overflow", "action_id": TURN, "options": choices}


# The form


def question_form(
    draft: QuestionDraft | None = None, *, item_id: str = "", errors: Mapping[str, str] | None = None
) -> View:
    """The form for a company's own question; `item_id` names the one to change."""
    made = draft or QuestionDraft(dimension=DIMENSIONS[0], format=Format.AGREE5, marketing="", it="")
    notice = _(
        "The two wordings should say the same about the other side. A changed wording or answer begins a new "
        "series: nothing is compared across it."
    )
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": item_id,
        "title": plain(_("Your own question")),
        "submit": plain(_("Save")),
        "close": plain(_("Cancel")),
        "blocks": [context(notice), *_mistakes(errors or {}), *_fields(made)],
    }


def _mistakes(errors: Mapping[str, str]) -> list[Block]:
    return [section(f"⚠️ {escape(sentence)}") for sentence in errors.values()]


def _fields(draft: QuestionDraft) -> Iterator[Block]:
    yield _input("marketing", _("What marketing is asked"), _text(draft.marketing, WORDING_LIMIT))
    yield _input("it", _("What IT is asked"), _text(draft.it, WORDING_LIMIT))
    topics = [option(_(word)[:1].upper() + _(word)[1:], word) for word in DIMENSIONS]
    yield _input("dimension", _("Topic"), _select("static_select", topics, draft.dimension))
    formats = [option(_(label), str(form)) for form, label in _FORMATS.items()]
    yield _input("format", _("How people answer"), _select("radio_buttons", formats, str(draft.format)))
    news = [option(_(label), str(direction)) for direction, label in _DIRECTIONS.items()]
    yield _input(
        "direction", _("For questions to agree with"), _select("radio_buttons", news, str(draft.direction))
    )
    yield _input(
        "options",
        _("For the others: the answers, one on each line"),
        _text("\n".join(draft.options), OPTIONS_TEXT, lines=True),
        optional=True,
        hint=_("2 to 10 answers. “Cannot say” is not counted. With several answers, leave one unreported."),
    )
    yield _input(
        "reported",
        _("Which of them are reported together, one on each line"),
        _text("\n".join(draft.reported), OPTIONS_TEXT, lines=True),
        optional=True,
        hint=_("Left empty, the first answer is reported."),
    )


def _input(name: str, label: str, element: Element, *, optional: bool = False, hint: str = "") -> Block:
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "element": {**element, "action_id": FIELD},
        "optional": optional,
    }
    if hint:
        block["hint"] = plain(hint)
    return block


def _text(value: str, limit: int, *, lines: bool = False) -> Element:
    element: Element = {"type": "plain_text_input", "max_length": limit, "multiline": lines}
    if value:
        element["initial_value"] = value[:limit]
    return element


def _select(kind: str, options: Sequence[Element], chosen: str) -> Element:
    element: Element = {"type": kind, "options": list(options)}
    before = [each for each in options if each["value"] == chosen]
    if before:
        element["initial_option"] = before[0]
    return element


def parse_question(view_state: Mapping[str, Any]) -> QuestionDraft:
    """The draft of a submitted form. Raises FormNotUnderstood for a state that the form cannot have sent."""
    values = view_state.get("values") if isinstance(view_state, Mapping) else None
    if not isinstance(values, Mapping):
        raise FormNotUnderstood
    form = Format(_choice(values, "format", [str(each) for each in _FORMATS]))
    asks_agreement = form is Format.AGREE5
    return QuestionDraft(
        dimension=_choice(values, "dimension", DIMENSIONS),
        format=form,
        marketing=_typed(values, "marketing"),
        it=_typed(values, "it"),
        options=() if asks_agreement else _lines(values, "options"),
        reported=() if asks_agreement else _lines(values, "reported"),
        direction=Direction(_choice(values, "direction", [str(each) for each in _DIRECTIONS])),
    )


def _field(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = values.get(name)
    field = block.get(FIELD) if isinstance(block, Mapping) else None
    if not isinstance(field, Mapping):
        raise FormNotUnderstood
    return field


def _choice(values: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    chosen = _field(values, name).get("selected_option")
    value = chosen.get("value") if isinstance(chosen, Mapping) else None
    if value not in allowed:
        raise FormNotUnderstood
    return str(value)


def _typed(values: Mapping[str, Any], name: str) -> str:
    value = _field(values, name).get("value")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FormNotUnderstood
    return " ".join(value.split())


def _lines(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = _field(values, name).get("value")
    if value is None:
        return ()
    if not isinstance(value, str):
        raise FormNotUnderstood
    return tuple(" ".join(line.split()) for line in value.splitlines() if line.strip())
