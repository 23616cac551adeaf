"""Items as the bank has them, written out, so that a view's test does not depend on the data files."""

from __future__ import annotations

from datetime import UTC, datetime

from pulse.core.model import Asked, Direction, Format, Item, Measure, Option, Side

CLOSES = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
OPENS = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)

AGREE = (
    Option("1", "Strongly disagree", "Strongly disagree"),
    Option("2", "Disagree", "Disagree"),
    Option("3", "Neither agree nor disagree", "Neither"),
    Option("4", "Agree", "Agree"),
    Option("5", "Strongly agree", "Strongly agree"),
    Option("cannot_say", "Cannot say", "Cannot say", counted=False),
)
AMOUNT = (
    Option("far_too_little", "Far too little", "Far too little"),
    Option("too_little", "Too little", "Too little"),
    Option("about_right", "About right", "About right"),
    Option("too_much", "Too much", "Too much"),
    Option("cannot_say", "Cannot say", "Cannot say", counted=False),
)
LEADERS = (
    Option("marketing", "Marketing or the CMO", "Marketing"),
    Option("it", "IT or the CIO", "IT"),
    Option("ceo", "The CEO", "CEO"),
    Option("else", "Someone else", "Someone else"),
    Option("nobody", "Nobody", "Nobody"),
)


def an_item(
    item_id: str,
    marketing: str,
    it: str,
    options: tuple[Option, ...] = AGREE,
    format: Format = Format.AGREE5,  # noqa: A002 - the field's own name
    own: bool = False,
) -> Item:
    return Item(
        id=item_id,
        dimension="trust",
        asked=Asked.ROTATING,
        format=format,
        direction=Direction.POSITIVE,
        options=options,
        measures=(Measure("top2box", frozenset({"4", "5"}), "agree"),),
        wordings={Side.MARKETING: marketing, Side.IT: it},
        baselines={Side.MARKETING: (), Side.IT: ()},
        note="",
        own=own,
    )


T01 = an_item(
    "T01",
    "I trust our IT colleagues to do what they say they will do.",
    "I trust our marketing colleagues to do what they say they will do.",
)
A02 = an_item(
    "A02",
    "The amount of collaboration between marketing and IT right now is ...",
    "The amount of collaboration between marketing and IT right now is ...",
    AMOUNT,
    Format.CHOICE,
)
G01 = an_item(
    "G01",
    "IT understands marketing's objectives and requirements.",
    "Marketing understands our technology and how we develop it.",
)
L03 = an_item(
    "L03",
    "Who leads our digital marketing strategy today? Choose all that apply.",
    "Who leads our digital marketing strategy today? Choose all that apply.",
    LEADERS,
    Format.MULTI,
)
HOSTILE = an_item(
    "X01",
    "<!channel> *IT* & <https://evil.example|we> agree",
    "<!channel> *marketing* & <https://evil.example|we> agree",
    own=True,
)

WAVE = (T01, A02, G01, L03)
