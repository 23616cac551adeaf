"""The bank of items: reading and checking it.

An item has two wordings, one for each side. Its answers are options, which the column `scale` spells out.
docs/items.md describes the format of the file, which a company's own items share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches

from pulse.core.baselines import Ledger
from pulse.core.language import N_, _
from pulse.core.model import DIMENSIONS, Asked, Direction, Format, Item, Measure, Option, Side
from pulse.core.table import Row, not_one_of, read

OWN_COLUMNS = ("id", "dimension", "cadence", "scale", "wording_marketing", "wording_it", "direction")
OWN_OPTIONAL = ("in_index", "measures", "note")
COLUMNS = (
    *OWN_COLUMNS,
    "baseline_marketing",
    "baseline_it",
    "compare_how",
    "comparability",
    "wording_provenance",
    "validation",
    "note",
    "in_index",
    "measures",
    "context",
    "frozen",
    "title",
)
WORDING_LIMIT = 300
LABEL_LIMIT = 75
"""Characters that Slack allows on a button."""
SHORT_LIMIT = 24
"""Characters that a phone shows of a button."""
BOX_LIMIT = 10
"""Radio buttons that Slack allows in a group."""

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,15}")
_CADENCES: Mapping[str, Asked] = {
    "anchor: every wave": Asked.EVERY_WAVE,
    "rotating": Asked.ROTATING,
    "quarterly": Asked.QUARTERLY,
    "half-yearly": Asked.HALF_YEARLY,
}
_OWN_CADENCES = ("rotating", "quarterly", "half-yearly")
_AGREE_BOXES = (
    Option("1", N_("Strongly disagree"), N_("Strongly disagree")),
    Option("2", N_("Disagree"), N_("Disagree")),
    Option("3", N_("Neither agree nor disagree"), N_("Neither")),
    Option("4", N_("Agree"), N_("Agree")),
    Option("5", N_("Strongly agree"), N_("Strongly agree")),
    Option("cannot_say", N_("Cannot say"), N_("Cannot say"), counted=False),
)
_TOP_TWO = Measure("top2box", frozenset({"4", "5"}), N_("agree"))
UNCOUNTED = ("cannot say", "did not ask", "was not here")
"""Labels whose answers leave the denominator."""


@dataclass(frozen=True, slots=True)
class Bank:
    """All items that can be asked, in the order of their files."""

    items: tuple[Item, ...]
    _by_id: Mapping[str, Item] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {item.id.casefold(): item for item in self.items})

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def get(self, item_id: str) -> Item | None:
        """The item with this id, in capitals or not."""
        return self._by_id.get(item_id.casefold())

    def asked(self, asked: Asked) -> tuple[Item, ...]:
        """The items that are asked this often."""
        return tuple(item for item in self.items if item.asked is asked)

    def suggest(self, word: str) -> tuple[Item, ...]:
        """Up to three items that a mistyped id or a keyword may mean, the nearest first.

        Keywords are words of the dimension and of the wordings.
        """
        found: dict[str, Item] = {}
        typed = word.casefold().strip()
        for search in (_ids, _dimension_words, _wording_words):
            words = {item.id: search(item) for item in self.items}
            every = sorted({word for of_item in words.values() for word in of_item})
            for near in get_close_matches(typed, every, n=3, cutoff=0.6 if search is _ids else 0.8):
                found |= {item.id: item for item in self.items if near in words[item.id]}
        return tuple(found.values())[:3]


def _ids(item: Item) -> set[str]:
    return {item.id.casefold()}


def _words(text: str) -> set[str]:
    return {word for word in re.split(r"[^\w]+", text.casefold()) if len(word) > 3}


def _dimension_words(item: Item) -> set[str]:
    return _words(item.dimension) | {item.dimension}


def _wording_words(item: Item) -> set[str]:
    return set().union(*(_words(wording) for wording in item.wordings.values()))


# --- Reading -------------------------------------------------------------------------------------------


def parse_items(
    text: str, file: str, ledger: Ledger | None, own: bool = False, taken: Sequence[str] = ()
) -> tuple[Item, ...]:
    """The items of a CSV text (format: docs/items.md). Raises DataFault for the first fault.

    A company's `own` items have fewer columns and no baselines, and are never asked every wave. A shipped
    item that is no longer the one in its column `frozen` loses its title; if it has baselines, it loses them,
    too, and is marked `edited`. Ids in `taken` belong to other files.
    """
    required, optional = (OWN_COLUMNS, OWN_OPTIONAL) if own else (COLUMNS, ())
    items: list[Item] = []
    ids = {other.casefold() for other in taken}
    for row in read(text, file, required, optional):
        item = _item(row, ledger, own)
        if item.id.casefold() in ids:
            raise row.fault("id", _("“{id}” is the id of another item already.").format(id=item.id))
        ids.add(item.id.casefold())
        items.append(item)
    return tuple(items)


def _item(row: Row, ledger: Ledger | None, own: bool) -> Item:
    form, options = _options(row)
    direction = Direction(row.one_of("direction", [word.value for word in Direction]))
    if (form is Format.AGREE5) is (direction is Direction.CHOICE):
        raise row.fault(
            "direction", _("an agree5 item is “positive” or “negative”, any other item is “choice”.")
        )
    item = Item(
        id=_id(row),
        dimension=row.one_of("dimension", DIMENSIONS),
        asked=_CADENCES[row.one_of("cadence", _OWN_CADENCES if own else _CADENCES)],
        format=form,
        direction=direction,
        options=options,
        measures=_measures(row, form, options),
        wordings={Side.MARKETING: _wording(row, "wording_marketing"), Side.IT: _wording(row, "wording_it")},
        baselines={
            Side.MARKETING: _keys(row, "baseline_marketing", ledger, Side.MARKETING),
            Side.IT: _keys(row, "baseline_it", ledger, Side.IT),
        },
        note=row.get("note"),
        own=own,
        title=row.get("title"),
    )
    return item if own else _as_frozen(row, item)


def _id(row: Row) -> str:
    text = row.need("id")
    if not _ID.fullmatch(text):
        raise row.fault(
            "id", _("an id is a letter and then up to 15 letters, digits, hyphens or underscores.")
        )
    return text


def _wording(row: Row, column: str) -> str:
    text = row.need(column)
    if len(text) > WORDING_LIMIT:
        raise row.fault(column, _too_long(len(text), WORDING_LIMIT))
    return text


def _too_long(length: int, limit: int) -> str:
    return _("the text has {length} characters; at most {limit} fit.").format(length=length, limit=limit)


def _options(row: Row) -> tuple[Format, tuple[Option, ...]]:
    scale = row.need("scale")
    if scale == "agree5" or re.match(r"agree5[ ;(]", scale):
        return Format.AGREE5, (*_AGREE_BOXES, *_allowed(row, scale))
    kind, colon, options = scale.partition(":")
    forms = {"choice": Format.CHOICE, "multi-select": Format.MULTI}
    if not colon or kind.strip() not in forms:
        raise row.fault("scale", _("start with “agree5”, “choice: … / …” or “multi-select: … / …”."))
    labels = [label.strip() for label in re.split(r"\s/\s", options.strip())]
    return forms[kind.strip()], tuple(_option(row, label, labels) for label in labels)


def _allowed(row: Row, scale: str) -> Iterator[Option]:
    """The options that a scale allows besides the five: `agree5; "did not ask" allowed`."""
    for label in re.findall(r'"([^"]*)" allowed', scale):
        if label.casefold() not in UNCOUNTED[1:]:
            raise row.fault("scale", not_one_of(label, UNCOUNTED[1:]))
        yield Option(slug(label), capital(label), capital(label), counted=False)


def _option(row: Row, label: str, labels: Sequence[str]) -> Option:
    counted = [other for other in labels if other.casefold() not in UNCOUNTED]
    if not slug(label) or [slug(other) for other in labels].count(slug(label)) > 1:
        raise row.fault("scale", _("each answer needs a text of its own, with “ / ” between two answers."))
    if len(label) > LABEL_LIMIT:
        raise row.fault("scale", _too_long(len(label), LABEL_LIMIT))
    if len(counted) < 2 or len(labels) > BOX_LIMIT:
        raise row.fault(
            "scale",
            _("write 2 to {limit} answers, at least 2 of them counted.").format(limit=BOX_LIMIT),
        )
    return Option(slug(label), capital(label), shorten(capital(label)), counted=label in counted)


def slug(label: str) -> str:
    """An option's key from its label.

    >>> slug("About right!")
    'about_right'
    """
    return "_".join(re.findall(r"\w+", label.casefold()))


def capital(label: str) -> str:
    """A label with a capital first letter, the rest as it is.

    >>> capital("marketing or CMO")
    'Marketing or CMO'
    """
    return label[:1].upper() + label[1:]


def shorten(label: str) -> str:
    """A label for a phone's button: cut at a word if it is longer than 24 characters.

    >>> shorten("Neither agree nor disagree")
    'Neither agree nor…'
    """
    if len(label) <= SHORT_LIMIT:
        return label
    cut = label[: SHORT_LIMIT - 1]
    return (cut.rsplit(" ", 1)[0] if label[len(cut)] != " " else cut).rstrip() + "…"


def _measures(row: Row, form: Format, options: Sequence[Option]) -> tuple[Measure, ...]:
    """Agree items report the top two options; others those that the column `measures` names, or the first."""
    spelled = row.get("measures")
    if form is Format.AGREE5:
        if spelled:
            raise row.fault("measures", _("an agree5 item reports those who agree: leave this cell empty."))
        return (_TOP_TWO,)
    counted = {option.key: option for option in options if option.counted}
    if not spelled:
        first = next(iter(counted.values()))
        return (_measure(form, f"choice_share:{first.key}", [first]),)
    measures = tuple(_spelled_measure(row, form, part, counted) for part in spelled.split(";"))
    if len({measure.key for measure in measures}) < len(measures):
        raise row.fault("measures", _("two shares have the same name."))
    if form is Format.MULTI:
        _check_multiple(row, measures, counted)
    return measures


def _check_multiple(row: Row, measures: Sequence[Measure], counted: Mapping[str, Option]) -> None:
    """Checks what `pulse.core.privacy` relies on in a multiple choice."""
    if any(len(measure.options) > 1 for measure in measures):
        raise row.fault("measures", _("in a multiple choice each share is of one answer."))
    measured = frozenset[str]().union(*(measure.options for measure in measures))
    if measured == counted.keys():
        raise row.fault(
            "measures",
            _(
                "leave one answer of a multiple choice out: "
                "the shares of all of them together would give single answers away."
            ),
        )


def _spelled_measure(row: Row, form: Format, part: str, counted: Mapping[str, Option]) -> Measure:
    key, equals, labels = (piece.strip() for piece in part.partition("="))
    if not equals or not re.fullmatch(r"top1box|choice_share:\w+", key):
        raise row.fault("measures", _("write “choice_share:name = answer + answer”; separate two by “;”."))
    chosen = []
    for label in labels.split(" + "):
        if slug(label) not in counted:
            raise row.fault("measures", not_one_of(label, [option.label for option in counted.values()]))
        chosen.append(counted[slug(label)])
    return _measure(form, key, chosen)


def _measure(form: Format, key: str, options: Sequence[Option]) -> Measure:
    names = " or ".join(f"“{_in_sentence(option.label)}”" for option in options)
    verb = "choose" if form is Format.MULTI else "say"
    return Measure(key, frozenset(option.key for option in options), f"{verb} {names}")


def _in_sentence(label: str) -> str:
    """A label inside a sentence: without its capital, unless the first word is an abbreviation."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def _keys(row: Row, column: str, ledger: Ledger | None, side: Side) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in row.get(column).split(";") if key.strip())
    if ledger is not None:
        for key in keys:
            _check_key(row, column, key, ledger, side)
    return keys


def _check_key(row: Row, column: str, key: str, ledger: Ledger, side: Side) -> None:
    baseline = next((known for known in ledger if known.key == key), None)
    if baseline is None:
        raise row.fault(column, not_one_of(key, [known.key for known in ledger]))
    if baseline.side not in (side, None):
        raise row.fault(column, _("“{key}” is a figure of the other side.").format(key=key))


def _as_frozen(row: Row, item: Item) -> Item:
    context = frozenset(key.strip() for key in row.get("context").split(";") if key.strip())
    linked = {key for keys in item.baselines.values() for key in keys}
    for key in sorted(context - linked):
        raise row.fault("context", _("“{key}” is no baseline of this item.").format(key=key))
    if row.get("frozen") == item.series:
        return replace(item, context=context)
    if not linked:
        return replace(item, title="")
    return replace(item, baselines=dict.fromkeys(Side, ()), edited=True, title="")


# --- Choosing ------------------------------------------------------------------------------------------

SIZES = range(2, 5)
"""How many items a wave may ask; `pulse.core.question_plan` chooses them."""
DEFAULT_ITEMS = 4
"""How many a new set-up asks."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a wave asked: the local day of its opening and the ids of its items."""

    day: date
    items: tuple[str, ...]
