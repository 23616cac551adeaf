"""The ledger of published figures: what each may be compared with, and what is said about it.

`parse_ledger` reads and checks it, `comparable` gives an item's rows on a side with what each allows,
`lead_figure` the one that a message shows, `further_figures` those of a multiple choice's later shares,
`aside` what a message says about figures that are not compared; `conflicts` and `explain` say where sources
disagree and which figure is used, and `meets` how a reader meets a row; `find_topic`, `find_studies` and
`has_figures` say what a typed word names. The rules are in docs/method.md,
"Published figures"; how a figure is written is in `pulse.core.facts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from string import Formatter
from typing import Literal

from pulse.core.comparison import ASSUMED_N
from pulse.core.facts import figure
from pulse.core.language import N_, _
from pulse.core.model import DIMENSIONS, EVERYONE, NOT_A_SURVEY, Baseline, Format, Item, Side
from pulse.core.table import Row, not_one_of, read

COLUMNS = (
    "key",
    "study",
    "publisher",
    "published",
    "fieldwork",
    "named",
    "side",
    "statement",
    "measure",
    "percent",
    "qualifier",
    "percent_low",
    "percent_high",
    "n_published",
    "n",
    "grade",
    "compare_as",
    "scale",
    "source",
    "standing",
    "note",
    "required",
    "topic",
    "base",
    "surveyed",
    "scope",
    "caveat",
)
CONFLICT_COLUMNS = ("title", "keys", "explanation")
ASIDE_COLUMNS = ("item", "sentence")
GRADES = ("A", "B", "C")
MEASURES = (
    "none",
    "top2box",
    "100-top2box",
    "top1box",
    "choice_share:about_right",
    "choice_share:more_needed",
    "choice_share:improved",
    "choice_share:CMO",
    "choice_share:CIO",
)
BASES = (EVERYONE, "a subset", "not stated", NOT_A_SURVEY)
SCALES: Mapping[str, str] = {
    "not known": N_("the study's answer scale is not known"),
    "no middle answer": N_(
        "the study's answer scale is not known, and as those who see a need and those who do not make 100%, "
        "it probably had no middle answer"
    ),
}
"""What is known of a study's answer scale, and the clause that a comparison then carries."""
STANDINGS: Mapping[str, str] = {
    "publisher": N_("the publisher's own page or release"),
    "several articles": N_("several articles"),
    "one article": N_("one article only"),
    "worked out": N_("worked out from a change that was published"),
}
"""How well a figure is confirmed, and the words for it."""

_KEY = re.compile(r"[A-Z]\w*_\w+")
_SIDES = {"marketing": Side.MARKETING, "it": Side.IT, "both": None}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Figures that disagree or are easily confused, and which one is used and why."""

    title: str
    keys: tuple[str, ...]
    explanation: str


@dataclass(frozen=True, slots=True)
class Aside:
    """What a message says, below the item with this id, about headline figures that nothing is compared with.

    In `sentence` the key of a row in braces is replaced by its figure.
    """

    item_id: str
    sentence: str

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for _text, key, _spec, _conversion in Formatter().parse(self.sentence) if key)


@dataclass(frozen=True, slots=True)
class Ledger:
    """All published figures, in the order of the file, and where their sources disagree."""

    rows: tuple[Baseline, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    asides: tuple[Aside, ...] = ()

    def __iter__(self) -> Iterator[Baseline]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, key: str) -> Baseline | None:
        """The row with this key, in capitals or not."""
        return next((row for row in self.rows if row.key.casefold() == key.casefold()), None)

    def suggest(self, word: str) -> tuple[str, ...]:
        """Up to three keys like `word`, the nearest first."""
        keys = {row.key.casefold(): row.key for row in self.rows}
        return tuple(keys[near] for near in get_close_matches(word.casefold(), keys, n=3))


@dataclass(frozen=True, slots=True)
class Comparable:
    """What a published figure allows beside an item's result on one side.

    `measure` is the key of the item's measure that it belongs to, None if it belongs to none. With
    `complement` the figure is of the people who are not in the measure (100 minus it). Only with `verdict`
    may a share be called above it, below it or not to be told apart; without, it is context. `caveat` is a
    whole sentence, or empty.
    """

    row: Baseline
    measure: str | None
    complement: bool
    verdict: bool
    caveat: str

    def people(self, low: int, high: int, n: int) -> tuple[int, int]:
        """How many of `n` people the figure counts if `low` to `high` of them are in the item's measure.

        >>> Comparable(None, "top2box", complement=True, verdict=True, caveat="").people(7, 7, 12)
        (5, 5)
        """
        return (n - high, n - low) if self.complement else (low, high)

    @property
    def percent(self) -> int:
        """The whole per cent, as the figure is written, that a chart of the item's measure draws."""
        whole = int(self.row.percent)
        return 100 - whole if self.complement else whole


def parse_ledger(text: str, file: str) -> Ledger:
    """The ledger from a CSV text (format: docs/items.md). Raises DataFault for the first fault."""
    seen: set[str] = set()
    rows = []
    for row in read(text, file, COLUMNS):
        baseline = _baseline(row)
        if baseline.key in seen:
            raise row.fault("key", _("“{key}” stands in an earlier row too.").format(key=baseline.key))
        seen.add(baseline.key)
        rows.append(baseline)
    return Ledger(tuple(rows))


def _baseline(row: Row) -> Baseline:
    key = row.need("key")
    if not _KEY.fullmatch(key):
        raise row.fault("key", _("a key is a study, an underscore and a name, such as “A13_need_it”."))
    percent, low, high = _percents(row)
    base = row.one_of("base", BASES)
    return Baseline(
        key=key,
        study=row.need("study"),
        publisher=row.need("publisher"),
        published=row.whole("published", 1990, 2100),
        fieldwork=row.get("fieldwork"),
        named=_yes(row, "named"),
        side=_SIDES[row.one_of("side", _SIDES)],
        statement=row.need("statement"),
        measure=row.need("measure"),
        percent=percent,
        qualifier=row.need("qualifier"),
        percent_low=low,
        percent_high=high,
        n_published=row.need("n_published"),
        n=_sample(row, base),
        grade=row.one_of("grade", GRADES),
        compare_as=_compare_as(row, base),
        scale=_scale(row),
        source=row.need("source"),
        standing=row.one_of("standing", STANDINGS),
        note=row.get("note"),
        required=_yes(row, "required"),
        topic=row.one_of("topic", DIMENSIONS),
        base=base,
        surveyed=row.need("surveyed"),
        scope=row.get("scope"),
        caveat=row.get("caveat"),
    )


def _percents(row: Row) -> tuple[float, float, float]:
    low = row.number_in("percent_low", 0, 100)
    high = row.number_in("percent_high", 0, 100)
    percent = row.number_in("percent", 0, 100)
    if low > high:
        raise row.fault("percent_high", _("it is lower than percent_low."))
    if not low <= percent <= high:
        raise row.fault("percent", _("it is not between percent_low and percent_high."))
    if row.need("qualifier").startswith("exact") and high - low > 1:
        raise row.fault("qualifier", _("an exact per cent has a range of at most 1 point."))
    return percent, low, high


def _sample(row: Row, base: str) -> int | None:
    """The sample; None if no number was published or the per cent is not of everyone asked."""
    if not row.get("n"):
        return None
    n = row.whole("n", 1, 10_000_000)
    return n if base == EVERYONE else None


def _yes(row: Row, column: str) -> bool:
    return row.one_of(column, ("yes", "no")) == "yes"


def _scale(row: Row) -> str:
    """What is known of the answers that the study offered; a figure of grade A must say it."""
    if not row.get("scale") and row.get("grade") != "A":
        return ""
    return row.one_of("scale", SCALES)


def _compare_as(row: Row, base: str) -> str:
    word = row.one_of("compare_as", MEASURES)
    if word != "none" and row.get("grade") == "C":
        raise row.fault("compare_as", _("a figure of grade C is context: write “none”."))
    if word != "none" and base != EVERYONE:
        raise row.fault("compare_as", _("a figure that is not of everyone asked is context: write “none”."))
    return word


# --- What may be compared ------------------------------------------------------------------------------


def comparable(item: Item, side: Side, ledger: Ledger) -> tuple[Comparable, ...]:
    """The published figures for an item on one side, in the item's order; none for a company's own item.

    Grade A allows a verdict, B one with a caveat, if the item has the measure that the figure is compared as.
    Shown without a verdict are grade C, a figure of both sides together, one that is not of everyone asked,
    one that is compared with nothing, and one that the item names as context.
    """
    rows = (ledger.get(key) for key in item.baselines.get(side, ()))
    return tuple(_comparable(item, row) for row in rows if row is not None)


def _comparable(item: Item, row: Baseline) -> Comparable:
    complement = row.compare_as.startswith("100-")
    word = row.compare_as.removeprefix("100-")
    measure = next((measure.key for measure in item.measures if measure.key == word), None)
    verdict = (
        measure is not None
        and row.grade in ("A", "B")
        and row.side is not None
        and row.base == EVERYONE
        and row.key not in item.context
    )
    return Comparable(row, measure, complement, verdict, _caveat(row, verdict, item.translated))


def _caveat(row: Baseline, verdict: bool, translated: bool) -> str:
    clauses = [_(row.caveat)] if row.caveat else []
    if not row.caveat and row.grade == "B":
        clauses.append(_("it is on the same topic, but its wording or answers are not fully known"))
    if row.scale:
        clauses.append(_(SCALES[row.scale]))
    if verdict and row.n is None:
        clauses.append(
            _("how many people of this side answered was not published, so {n} is assumed").format(
                n=ASSUMED_N
            )
        )
    if translated:
        clauses.append(_("the question is translated, and the figure belongs to its English wording"))
    return sentence("; ".join(clauses))


def lead_figure(item: Item, side: Side, ledger: Ledger) -> Comparable | None:
    """The one figure that a message shows beside a side's result; None if none may be compared.

    A figure of the two named studies comes first, then one of the share that the item reports first, then
    the better grade, then the newer study, then the item's own order.
    """
    found = [each for each in comparable(item, side, ledger) if each.verdict]
    return min(found, key=lambda each: _rank(item, each), default=None)


def further_figures(item: Item, side: Side, ledger: Ledger) -> tuple[Comparable, ...]:
    """The figures that a message shows beside the later shares of a multiple choice: one per share."""
    if item.format is not Format.MULTI:
        return ()
    found = [each for each in comparable(item, side, ledger) if each.verdict]
    of_share = ([each for each in found if each.measure == measure.key] for measure in item.measures[1:])
    return tuple(min(figures, key=lambda each: _rank(item, each)) for figures in of_share if figures)


def _rank(item: Item, found: Comparable) -> tuple[bool, bool, str, int]:
    row = found.row
    return not row.named, found.measure != item.measures[0].key, row.grade, -row.published


def sentence(clauses: str) -> str:
    """Clauses as a sentence, with a capital and a full stop; empty stays empty.

    >>> sentence("it is a wish")
    'It is a wish.'
    """
    return f"{clauses[0].upper()}{clauses[1:]}." if clauses else ""


# --- Where sources disagree ----------------------------------------------------------------------------


def parse_conflicts(text: str, file: str, ledger: Ledger) -> Ledger:
    """The ledger with the conflicts of a CSV text (format: docs/items.md). Raises DataFault for a fault."""
    found = tuple(_conflict(row, ledger) for row in read(text, file, CONFLICT_COLUMNS))
    return replace(ledger, conflicts=found)


def _conflict(row: Row, ledger: Ledger) -> Conflict:
    keys = tuple(key.strip() for key in row.need("keys").split(";"))
    known = [figure.key for figure in ledger]
    for key in keys:
        if key not in known:
            raise row.fault("keys", not_one_of(key, known))
    return Conflict(row.need("title"), keys, row.need("explanation"))


def parse_asides(text: str, file: str, ledger: Ledger) -> Ledger:
    """The ledger with the asides of a CSV text (format: docs/items.md). Raises DataFault for a fault."""
    return replace(ledger, asides=tuple(_aside(row, ledger) for row in read(text, file, ASIDE_COLUMNS)))


def _aside(row: Row, ledger: Ledger) -> Aside:
    found = Aside(row.need("item"), row.need("sentence"))
    known = [figure.key for figure in ledger]
    for key in found.keys:
        if key not in known:
            raise row.fault("sentence", not_one_of(key, known))
    return found


def aside(item: Item, ledger: Ledger) -> str:
    """The message's line about figures that are not compared with an item; empty if it has none.

    An item without its baselines, such as an edited one, has no asides either.
    """
    named = {key for of_side in item.baselines.values() for key in of_side}
    told = (
        _(found.sentence).format_map({key: figure(row) for key in found.keys if (row := ledger.get(key))})
        for found in ledger.asides
        if found.item_id == item.id and named.issuperset(found.keys)
    )
    return " ".join(told)


def conflicts(ledger: Ledger) -> tuple[Conflict, ...]:
    """Where the ledger's sources disagree, in the language being spoken."""
    return tuple(
        replace(conflict, title=_(conflict.title), explanation=_(conflict.explanation))
        for conflict in ledger.conflicts
    )


def explain(about: Baseline | Item, ledger: Ledger) -> tuple[Conflict, ...]:
    """The conflicts that touch a figure, or any figure of an item."""
    if isinstance(about, Baseline):
        keys = {about.key}
    else:
        keys = {key for of_side in about.baselines.values() for key in of_side}
    return tuple(conflict for conflict in conflicts(ledger) if keys & set(conflict.keys))


# --- How a reader meets a figure -----------------------------------------------------------------------

Meeting = Literal["compared", "context", "explained"]


def items_of(row: Baseline, items: Iterable[Item]) -> tuple[tuple[Item, Side], ...]:
    """The items and sides that name this figure."""
    return tuple((item, side) for item in items for side in Side if row.key in item.baselines.get(side, ()))


def meets(row: Baseline, items: Iterable[Item], ledger: Ledger) -> Meeting:
    """How a reader meets a figure: compared with an item's result, with the reason why not, or as background.

    Background is shown beside an item that names the figure, and in the list of its topic (`context_rows`).
    """
    links = items_of(row, items)
    beside = [found for item, side in links for found in comparable(item, side, ledger) if found.row == row]
    if any(found.verdict for found in beside):
        return "compared"
    if not beside and explain(row, ledger):
        return "explained"
    return "context"


def context_rows(ledger: Ledger, dimension: str) -> tuple[Baseline, ...]:
    """All figures on a dimension, whether an item names them or not. Every figure has one dimension."""
    return tuple(row for row in ledger if row.topic == dimension)


def find_topic(word: str) -> str | None:
    """The dimension that `word` names, whole or by the beginning of one of its parts.

    >>> find_topic("Leadership"), find_topic("goals"), find_topic("x")
    ('leadership/ownership', 'shared goals', None)
    """
    typed = word.casefold()
    for dimension in DIMENSIONS:
        parts = dimension.replace("/", " ").split()
        if typed == dimension or (len(typed) > 3 and any(part.startswith(typed) for part in parts)):
            return dimension
    return None


def find_studies(word: str, ledger: Ledger) -> tuple[Baseline, ...]:
    """The figures of the studies that `word` names: a publisher, words of a title, a year.

    >>> find_studies("1066", Ledger())
    ()
    """
    typed = word.casefold().strip()
    if len(typed) < 4:
        return ()
    return tuple(row for row in ledger if all(f" {part}" in _named(row) for part in typed.split()))


def _named(row: Baseline) -> str:
    return f" {row.publisher} {row.study} {row.published}".casefold().replace("/", " ")


def has_figures(word: str, ledger: Ledger) -> bool:
    """Whether `word` names published figures: one of them, a topic's or a study's."""
    return bool(ledger.get(word) or find_topic(word) or find_studies(word, ledger))
