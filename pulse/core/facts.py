"""How a count, a per cent and a published figure are written: in one way, everywhere.

Messages, charts and exports take their numbers from here, and the SQL views round alike
(tests/storage/test_rounding.py), so the same two integers are never 12% in one place and 13% in another.

    per_cent(5, 40)        "13%"; German puts a no-break space before the sign
    count(3, 4, 7)         "3 or 4 of 7"
    share(7, 7, 12)        "7 of 12 (58%)"
    brief_count(7, 7, 12)  "7/12", for a label on a chart
    figure(row)            "56%", or the words that were printed: "more than half"
    citation(row)          "56% of senior marketing executives (Accenture 2013)"
    claim(row)             what the figure says, as a sentence
    provenance(row)        the study, where and when people were asked, and how many
    caution(rows)          which people a message's figures are about
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pulse.core.language import _
from pulse.core.model import EVERYONE, NOT_A_SURVEY, Baseline

PER_CENT_FROM = 10
"""A per cent is written beside its count from this many answers on (docs/method.md)."""


# --- Counts and per cents --------------------------------------------------------------------------------


def percent(k: int, n: int) -> int:
    """`k` of `n` as a whole per cent, halves rounded up. Integers only: no float decides a half.

    Raises ZeroDivisionError if nobody answered.

    >>> percent(5, 40), percent(1, 8), percent(2, 3)
    (13, 13, 67)
    """
    return (200 * k + n) // (2 * n)


def written_percent(value: int) -> str:
    """A whole per cent as readers of the language write it.

    >>> written_percent(62)
    '62%'
    """
    return _("{percent}%").format(percent=value)


def per_cent(k: int, n: int) -> str:
    """`k` of `n` as a written per cent.

    >>> per_cent(5, 40)
    '13%'
    """
    return written_percent(percent(k, n))


def count(low: int, high: int, n: int) -> str:
    """`low` to `high` of `n` people, in words that hold for each number between the two.

    >>> count(7, 7, 12), count(0, 2, 12), count(10, 12, 12)
    ('7 of 12', '2 or fewer of 12', '10 or more of 12')
    >>> count(3, 4, 7), count(27, 29, 41), count(0, 5, 5)
    ('3 or 4 of 7', '27 to 29 of 41', '0 to 5 of 5')
    """
    return _count_form(low, high, n).format(k=low, low=low, high=high, n=n)


def _count_form(low: int, high: int, n: int) -> str:
    if low == high:
        return _("{k} of {n}")
    if low == 0 and high < n:
        return _("{high} or fewer of {n}")
    if low > 0 and high == n:
        return _("{low} or more of {n}")
    return _("{low} or {high} of {n}") if high - low == 1 else _("{low} to {high} of {n}")


def share(low: int, high: int, n: int) -> str:
    """A count, with its per cent if there are 10 answers or more and the count is exact.

    >>> share(7, 7, 12), share(0, 2, 12), share(3, 3, 6)
    ('7 of 12 (58%)', '2 or fewer of 12', '3 of 6')
    """
    return with_per_cent(count(low, high, n), per_cent_of(low, high, n))


def per_cent_of(low: int, high: int, n: int) -> str:
    """The per cent of a count; empty under 10 answers, and for a count that is not exact.

    >>> per_cent_of(7, 7, 12), per_cent_of(0, 2, 12), per_cent_of(3, 3, 6)
    ('58%', '', '')
    """
    return per_cent(low, n) if low == high and n >= PER_CENT_FROM else ""


def with_per_cent(counted: str, written: str) -> str:
    """What was counted, with its written per cent if it has one.

    >>> with_per_cent("7 of 12 agree", "58%"), with_per_cent("3 of 6 agree", "")
    ('7 of 12 agree (58%)', '3 of 6 agree')
    """
    return _("{count} ({percent})").format(count=counted, percent=written) if written else counted


def brief_count(low: int, high: int, n: int) -> str:
    """A count without words, for a label on a chart.

    >>> brief_count(7, 7, 12), brief_count(0, 2, 12), brief_count(10, 12, 12), brief_count(3, 4, 7)
    ('7/12', '≤2/12', '≥10/12', '3–4/7')
    """
    if low == high:
        return f"{low}/{n}"
    if low == 0:
        return f"≤{high}/{n}"
    return f"≥{low}/{n}" if high == n else f"{low}–{high}/{n}"


def share_alone(low: int, high: int, n: int) -> str:
    """A share beside another one of the same people, which says how many they are.

    >>> share_alone(7, 7, 12), share_alone(0, 2, 12), share_alone(10, 12, 12), share_alone(3, 4, 7)
    ('7 (58%)', '2 or fewer', '10 or more', '3 or 4')
    """
    if low == 0:
        return _("{k} or fewer").format(k=high)
    if high == n:
        return _("{k} or more").format(k=low)
    if low != high:
        return _("{low} or {high}").format(low=low, high=high) if high - low == 1 else f"{low}–{high}"
    return with_per_cent(str(low), per_cent_of(low, high, n))


# --- Published figures -----------------------------------------------------------------------------------

_ENDS_IN_PER_CENT = re.compile(r"(?<!in )\b(\d+)$")


def figure(row: Baseline) -> str:
    """The figure as it was published: a per cent if it is exact, else the words that were printed."""
    return shown(row.qualifier, row.percent, row.percent_low, row.percent_high)


def shown(qualifier: str, percent: float, low: float, high: float) -> str:
    """See `figure`.

    >>> shown("more than 30", 30, 30, 40), shown("only four in 10", 40, 37.5, 42.5)
    ('more than 30%', 'only four in 10')
    >>> shown("exact", 56, 55.5, 56.5), shown("derived", 54, 53, 55)
    ('56%', 'about 54%')
    """
    exact = written_percent(int(percent))
    if qualifier == "derived":
        return _("about {percent}").format(percent=exact)
    if high - low <= 1:
        return exact
    number = _ENDS_IN_PER_CENT.search(qualifier)
    return qualifier[: number.start()] + written_percent(int(number[1])) if number else qualifier


def study(row: Baseline) -> str:
    """Publisher and year, short enough for a chart: "Accenture 2013"."""
    return _("{publisher} {year}").format(publisher=row.publisher, year=row.published)


def citation(row: Baseline) -> str:
    """The figure, whose it is, and the study: "56% of senior marketing executives (Accenture 2013)".

    A number that is not a share of people who were asked is cited without people.
    """
    if row.base == NOT_A_SURVEY:
        return _("{figure} ({study})").format(figure=figure(row), study=study(row))
    return _("{figure} of {people} ({study})").format(
        figure=figure(row), people=_(row.surveyed), study=study(row)
    )


def claim(row: Baseline) -> str:
    """What the figure says, as a sentence: "56% of senior marketing executives agree: There is a need ...".

    A statement that begins with a small letter is itself what people say or do ("do not agree that ...").
    """
    if row.base == NOT_A_SURVEY:
        form = _("{figure}: {statement} ({measure}).")
    elif row.statement[:1].islower():
        form = _("{figure} of {people} {statement}.")
    else:
        form = _("{figure} of {people} {measure}: {statement}.")
    said = form.format(
        figure=figure(row), people=_(row.surveyed), measure=_(row.measure), statement=row.statement
    )
    return said[:1].upper() + said[1:]


def provenance(row: Baseline) -> str:
    """The study, where and when people were asked, and how many, as a sentence."""
    title = _("{study}, {year}").format(study=row.study, year=row.published)
    when = _("asked in {when}").format(when=_(row.fieldwork)) if row.fieldwork else ""
    return "; ".join(part for part in (title, _(row.scope), when, sample(row)) if part) + "."


def sample(row: Baseline) -> str:
    """How many people the figure is of, as a clause for readers."""
    if row.base == NOT_A_SURVEY:
        return _("not a survey")
    if row.base != EVERYONE:
        return _("an unpublished number out of {printed} asked").format(printed=row.n_published)
    total = row.n_published.removeprefix("total ")
    if total != row.n_published:
        return _("{total} asked on both sides together, this side's own number not published").format(
            total=total
        )
    if row.n_published == "not published":
        return _("number asked not published")
    if row.n is None or row.n_published in (str(row.n), f"{row.n:,}", f"{row.n}+"):
        return _("{n} asked").format(n=row.n_published)
    return _("{n} asked (printed as {printed})").format(n=row.n, printed=row.n_published)


def caution(rows: Iterable[Baseline]) -> str:
    """A sentence that says which people a message's published figures are about; "" for no figures.

    One or two groups of people are named. Nobody would read a longer list; then each figure names its own.
    """
    asked = [row for row in rows if row.base != NOT_A_SURVEY]
    if not asked:
        return ""
    years = sorted({year for row in asked for year in _years(row)})
    when = str(years[0]) if years[0] == years[-1] else f"{years[0]}–{years[-1]}"
    groups = sorted({_(row.surveyed) for row in asked})
    whom = _(" and ").join(groups) if len(groups) < 3 else _("people in other companies")
    return _("The published figures come from {whom} in {when}, not from this channel.").format(
        whom=whom, when=when
    )


def _years(row: Baseline) -> list[int]:
    """The years of the fieldwork, else that of publication."""
    return [int(year) for year in re.findall(r"\b\d{4}\b", row.fieldwork)] or [row.published]
