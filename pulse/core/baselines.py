"""The ledger of published figures: what each may be compared with, and what is said of it.

`parse_ledger` reads and checks it, `comparable` gives the rows of an item and a side with what they allow,
`conflicts` and `explain` say where sources disagree and which figure is used, and `meets` where a reader
finds a row. The rules are those of docs/method.md, "Published figures".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from pulse.core.language import N_, _
from pulse.core.model import DIMENSIONS, Baseline, Item, Side
from pulse.core.table import Row, read

COLUMNS = (
    "key",
    "study",
    "published",
    "fieldwork",
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
    "source",
    "standing",
    "conflicts_with",
    "note",
    "required",
    "topic",
    "base",
    "surveyed",
    "caveat",
)
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
EVERYONE = "everyone asked"
BASES = (EVERYONE, "a subset", "not stated", "not a survey")
ASSUMED_N = 100
"""The sample that is assumed where a side's own was not published (docs/method.md)."""

_KEY = re.compile(r"[A-Z]\w*_\w+")
_SIDES = {"marketing": Side.MARKETING, "it": Side.IT, "both": None}


@dataclass(frozen=True, slots=True)
class Ledger:
    """All published figures, in the order of the file."""

    rows: tuple[Baseline, ...] = ()

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

    `measure` is the key of the item's measure that it stands beside, None where it stands beside none.
    With `complement` the figure is of the people who are not in the measure (100 minus it). Only with
    `verdict` may the words higher, lower or not clearly different be used; without, it is context.
    `caveat` is a whole sentence, or empty.
    """

    row: Baseline
    measure: str | None
    complement: bool
    verdict: bool
    caveat: str


def parse_ledger(text: str, file: str) -> Ledger:
    """The ledger from a CSV text (format: docs/items.md). Raises DataFault for the first fault."""
    table = list(read(text, file, COLUMNS))
    seen: set[str] = set()
    rows = []
    for row in table:
        baseline = _baseline(row)
        if baseline.key in seen:
            raise row.fault("key", _("“{key}” stands in an earlier row too.").format(key=baseline.key))
        seen.add(baseline.key)
        rows.append(baseline)
    for row in table:
        _check_conflicts(row, seen)
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
        published=row.whole("published", 1990, 2100),
        fieldwork=row.get("fieldwork"),
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
        source=row.need("source"),
        standing=row.need("standing"),
        conflicts_with=row.get("conflicts_with"),
        note=row.get("note"),
        required=row.one_of("required", ("yes", "no")) == "yes",
        topic=row.one_of("topic", DIMENSIONS),
        base=base,
        surveyed=row.need("surveyed"),
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
    """None without a published number, and where the per cent is not of everyone who was asked."""
    if not row.get("n"):
        return None
    n = row.whole("n", 1, 10_000_000)
    return n if base == EVERYONE else None


def _compare_as(row: Row, base: str) -> str:
    word = row.one_of("compare_as", MEASURES)
    if word != "none" and row.get("grade") == "C":
        raise row.fault("compare_as", _("a figure of grade C is context: write “none”."))
    if word != "none" and base != EVERYONE:
        raise row.fault("compare_as", _("a figure that is not of everyone asked is context: write “none”."))
    return word


def _check_conflicts(row: Row, keys: set[str]) -> None:
    for name in re.split(r"[/;,\s]+", row.get("conflicts_with")):
        if _KEY.fullmatch(name) and name not in keys:
            raise row.fault("conflicts_with", _("there is no row “{name}”.").format(name=name))


# --- What may be compared ------------------------------------------------------------------------------


def comparable(item: Item, side: Side, ledger: Ledger) -> tuple[Comparable, ...]:
    """The published figures for an item on one side, in the item's order; none for a company's own item.

    Grade A allows a verdict. B allows one with a caveat, where the item has the same kind of answer. C, a
    figure that is compared with nothing, a figure of both sides together, one that is not of everyone
    asked, and one that the item names as context are shown without a verdict.
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
    if row.side is None and row.base == EVERYONE:
        clauses.append(_("it is a figure of both sides together"))
    if verdict and row.n is None:
        clauses.append(
            _("how many people of this side answered was not published, so {n} is assumed").format(
                n=ASSUMED_N
            )
        )
    if translated:
        clauses.append(_("the question is translated, and the figure belongs to its English wording"))
    if not verdict:
        clauses.append(_("it is shown as background only"))
    return sentence("; ".join(clauses))


def sentence(clauses: str) -> str:
    """Clauses as a sentence, with a capital and a full stop; nothing stays nothing.

    >>> sentence("it is a wish")
    'It is a wish.'
    """
    return f"{clauses[0].upper()}{clauses[1:]}." if clauses else ""


_ENDS_IN_PER_CENT = re.compile(r"(?<!in )\b\d+$")


def figure(row: Baseline) -> str:
    """The figure as it was published: "56 %" where it is exact, else the words that were printed.

    >>> from pulse.core.baselines import shown
    >>> shown("more than 30", 30, 30, 40), shown("only four in 10", 40, 37.5, 42.5)
    ('more than 30 %', 'only four in 10')
    >>> shown("exact", 56, 55.5, 56.5), shown("derived 62-8", 54, 53, 55)
    ('56 %', 'about 54 %')
    """
    return shown(row.qualifier, row.percent, row.percent_low, row.percent_high)


def shown(qualifier: str, percent: float, low: float, high: float) -> str:
    """See `figure`."""
    if qualifier.startswith("derived"):
        return _("about {percent} %").format(percent=f"{percent:.0f}")
    if high - low <= 1:
        return _("{percent} %").format(percent=f"{percent:.0f}")
    return f"{qualifier} %" if _ENDS_IN_PER_CENT.search(qualifier) else qualifier


def whose(row: Baseline) -> str:
    """Whose answers the figure is of."""
    if row.base == "not a survey":
        return _("Not a survey")
    return _("Both sides together") if row.side is None else _(row.side.label)


def sample(row: Baseline) -> str:
    """How many people the figure is of, as a clause for readers."""
    if row.base == "not a survey":
        return _("not a survey")
    if row.base != EVERYONE:
        return _("of unknown size, out of {printed} asked").format(printed=row.n_published)
    total = row.n_published.partition("; total ")[2]
    if total:
        return _("{total} on both sides together, this side's own number not published").format(total=total)
    if row.n is None:
        return _("not known") if row.n_published == "not found" else row.n_published
    if row.n_published in (str(row.n), f"{row.n}+"):
        return row.n_published
    return _("{n} (printed as {printed})").format(n=row.n, printed=row.n_published)


_WITHOUT_PARENTHESES = {
    "Forrester/Forbes Insights CMO-CIO survey": "Forrester/Forbes",
    "Forrester Analytics Global Business Technographics Marketing Survey": "Forrester",
}


def study(row: Baseline) -> str:
    """Publisher and year, short enough for a chart: "Accenture 2013"."""
    publisher = _WITHOUT_PARENTHESES.get(row.study)
    if publisher is None:
        publisher = row.study.rpartition("(")[2].removesuffix(")")
    return _("{publisher} {year}").format(publisher=publisher, year=row.published)


def lead_figure(item: Item, side: Side, ledger: Ledger) -> Comparable | None:
    """The one figure that a message shows beside an item's result on a side; None where there is none.

    A figure of the two named studies comes first, then one of the share that the item reports first, then
    the better grade, then the newer study, then the item's own order.
    """
    found = [each for each in comparable(item, side, ledger) if each.verdict]
    return min(found, key=lambda each: _rank(item, each), default=None)


def _rank(item: Item, found: Comparable) -> tuple[bool, bool, str, int]:
    row = found.row
    named = row.key.startswith(("A13_", "A10_"))
    return not named, found.measure != item.measures[0].key, row.grade, -row.published


# --- Where sources disagree ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Conflict:
    """Figures that disagree, or that are easily taken for one another, and which one is used and why."""

    title: str
    keys: tuple[str, ...]
    explanation: str


_CONFLICTS = (
    Conflict(
        N_("Need for alignment: 56 %, not 57 %"),
        ("A13_need_mkt", "A13_need_mkt_57", "A13_rank_mkt", "A13_need_pooled"),
        N_(
            "For marketing, articles on the 2013 Accenture study print 56 %; Accenture's press release of "
            "22 August 2013 prints 57 %. We use 56 %: Accenture's own 2014 study repeats it, 44 % saw no "
            "need (100 − 44 = 56), and (56 × 405 + 77 × 252) / 657 gives the published 64 % of both sides. "
            "57 % is another question's figure: how many call the relationship with the CIO important."
        ),
    ),
    Conflict(
        N_("The right level of collaboration: “one in ten” is 13 % and 11 %"),
        ("A13_right_both", "A13_right_mkt", "A13_right_it", "A14_right_mkt", "A13P_right_both"),
        N_(
            "Accenture's press release of 2013 says “one in ten” of both sides together. The same study by "
            "side, as MarketingCharts and CIO.com print it, is 13 % of marketing and 11 % of IT (12.2 % "
            "together), and we compare each side with its own. The 23 % of 2014 is “at or approaching the "
            "right level”, a wider answer: it is not a rise from 10 to 23."
        ),
    ),
    Conflict(
        N_("Urgency: 40 % or 25 %"),
        ("A14_urgency_mkt", "A14_urgency_mkt_25", "A14_vision_it"),
        N_(
            "For “IT does not understand the urgency”, MediaPost and Retail TouchPoints print 40 % of "
            "marketing; the highlights deck of the same 2014 Accenture study prints “one in four”. MediaPost "
            "gives 25 % to another statement (IT on marketing's lack of vision), so the deck probably mixed "
            "them up. We keep both, and take 40 % as the figure."
        ),
    ),
    Conflict(
        N_("In the loop: one side or both"),
        ("A13_loop_mkt", "A13_loop_it"),
        N_(
            "Associations Now gives “more than 30” to marketing and IT alike; CXOtoday gives it to marketing "
            "only. The statement is about what IT does for marketing, so we show it for marketing as "
            "background, and leave the IT figure unconfirmed and unused."
        ),
    ),
    Conflict(
        N_("Trust or mutual respect: 62 % and 68 %"),
        ("F14_trust_mkt", "F14_trust_it"),
        N_(
            "Forrester's own release calls 62 % of marketing and 68 % of IT “trust”; CMSWire calls the same "
            "figures “mutual respect”. The question itself is not public. We follow the publisher, and say "
            "that the wording is unknown."
        ),
    ),
    Conflict(
        N_("Knowing each other's priorities: 56 % and 63 %, or 49 % and 69 %"),
        ("F14_prio_mkt", "F14_prio_it", "F13_prio_mkt", "F13_prio_it"),
        N_(
            "Forrester's release on 2014 gives 56 % of marketing and 63 % of IT. DM News prints 49 % and "
            "69 % for 2014, which are almost the figures of Forrester's release on the year before (49 % and "
            "68 %). We follow the publisher for each year."
        ),
    ),
    Conflict(
        N_("Marketing understands marketing technology: 54 % or 58 % of IT"),
        ("F14_mtech_it",),
        N_(
            "DM News prints 54 % of IT, CMSWire 58 %, and we found no publisher's page that settles it. "
            "We show 54 % as background and compare nothing with it."
        ),
    ),
    Conflict(
        N_("Most valued partner: 15 % and 16 %, or 13 % and 16 %"),
        ("I13_valued_it", "I13_valued_mkt"),
        N_(
            "IDG Enterprise's own page gives 15 % of IT and 16 % of marketing; CIO.com prints 13 and 16, in "
            "an order that is not clear. We follow the publisher, as background."
        ),
    ),
    Conflict(
        N_("Different figures that are all 46 %"),
        ("A10_understand_no", "A10_priority_no", "A10_constraint_it", "A13_detail_it", "R15_slow_mkt"),
        N_(
            "These come from different questions and happen to be the same number: who does not agree that "
            "the CIO understands marketing (2010), who names IT's priorities as the reason for trouble "
            "(2010), what the unprepared in IT blame (2010), who in IT misses detail from marketing "
            "(2013), and what frustrates marketing most (2015). They are told apart by their "
            "keys, never by their number."
        ),
    ),
    Conflict(
        N_("What the unprepared blame: 59 % and 46 %"),
        ("A10_constraint_mkt", "A10_constraint_it"),
        N_(
            "Both figures are of those who feel unprepared only. How many those were is "
            "not published, so neither the 320 nor the 300 of the study is their sample, no interval is made "
            "and nothing is compared."
        ),
    ),
    Conflict(
        N_("Whose priorities in 2014"),
        ("A14_priority_mkt",),
        N_(
            "52 % of marketing put marketing IT at or near the top of “priorities”: some sources mean their "
            "own, others IT's. We compare nothing with it."
        ),
    ),
)


def conflicts(ledger: Ledger) -> tuple[Conflict, ...]:
    """Where the ledger's sources disagree, in the language being spoken, for the rows that it has."""
    return tuple(
        Conflict(_(conflict.title), conflict.keys, _(conflict.explanation))
        for conflict in _CONFLICTS
        if any(ledger.get(key) for key in conflict.keys)
    )


def explain(about: Baseline | Item, ledger: Ledger) -> tuple[Conflict, ...]:
    """The conflicts that touch a figure, or any figure of an item."""
    if isinstance(about, Baseline):
        keys = {about.key}
    else:
        keys = {key for of_side in about.baselines.values() for key in of_side}
    return tuple(conflict for conflict in conflicts(ledger) if keys & set(conflict.keys))


# --- Where a reader meets a figure ---------------------------------------------------------------------

Meeting = Literal["compared", "context", "explained"]


def items_of(row: Baseline, items: Iterable[Item]) -> tuple[tuple[Item, Side], ...]:
    """The items and sides that name this figure."""
    return tuple((item, side) for item in items for side in Side if row.key in item.baselines.get(side, ()))


def meets(row: Baseline, items: Iterable[Item], ledger: Ledger) -> Meeting:
    """Where a reader meets a figure: compared with an item's result, told why not, or as background.

    Background stands beside an item that names the figure, and in the list of its topic (`context_rows`).
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
