"""Items in another language: the same item in other words, in the series of the wording it translates.

The answers of both wordings count as one series, and published figures are compared with the caveat that
the question is translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pulse.core.items import LABEL_LIMIT, WORDING_LIMIT, Bank, capital, shorten
from pulse.core.language import N_, _
from pulse.core.model import Format, Item, Measure, Option, Side
from pulse.core.table import Row, read

COLUMNS = ("id", "series", "title", "wording_marketing", "wording_it", "answers")

ALLOWED = (N_("Did not ask"), N_("Was not here"))
"""Labels of the options that a scale of agreement may have beside its own."""


@dataclass(frozen=True, slots=True)
class Wording:
    """An item's words in one language; `answers` are as inside a sentence, none for a scale of agreement."""

    title: str
    wordings: Mapping[Side, str]
    answers: tuple[str, ...]


def parse_wordings(text: str, file: str, bank: Bank) -> dict[str, Wording]:
    """The wordings by item id, from a CSV text with COLUMNS. Raises DataFault for the first fault.

    A row translates one series: an item whose wording was edited since has no translation. `answers` are in
    the order of the item's options, with " / " between two of them.
    """
    found: dict[str, Wording] = {}
    for row in read(text, file, COLUMNS):
        item = bank.get(row.need("id"))
        if item is None or item.id in found:
            raise row.fault("id", _("each row needs the id of an item, and no two rows the same."))
        if row.need("series") == item.series:
            found[item.id] = _wording(row, item)
    return found


def _wording(row: Row, item: Item) -> Wording:
    wordings = {side: row.need(f"wording_{side}") for side in Side}
    for side, wording in wordings.items():
        if len(wording) > WORDING_LIMIT:
            raise row.fault(f"wording_{side}", _("the text is too long."))
    answers = tuple(answer.strip() for answer in row.get("answers").split(" / ") if answer.strip())
    options = () if item.format is Format.AGREE5 else item.options
    if len(answers) != len(options) or any(len(answer) > LABEL_LIMIT for answer in answers):
        raise row.fault("answers", _("write one text for each answer of the item, and none too long."))
    return Wording(row.need("title"), wordings, answers)


def in_language(item: Item, wording: Wording | None) -> Item:
    """The item for readers of the language that is being spoken, in the original's series.

    Without a `wording`, as for a company's own item, only what its measures say is translated.
    """
    if wording is None:
        return replace(_in_own_words(item), source_series=item.series)
    labels = wording.answers or tuple(_(option.label) for option in item.options)
    options = tuple(_option(option, label) for option, label in zip(item.options, labels, strict=True))
    return replace(
        item,
        title=wording.title if item.title else "",
        wordings=wording.wordings,
        options=options,
        measures=_measures(item, dict(zip((option.key for option in item.options), labels, strict=True))),
        source_series=item.series,
        translated=True,
    )


def _in_own_words(item: Item) -> Item:
    return replace(item, measures=_measures(item, {option.key: option.label for option in item.options}))


def _option(option: Option, label: str) -> Option:
    label = capital(label)
    own = _(option.short)
    return replace(option, label=label, short=own if own != option.short else shorten(label))


def _measures(item: Item, labels: Mapping[str, str]) -> tuple[Measure, ...]:
    if item.format is Format.AGREE5:
        return tuple(replace(measure, says=_(measure.says)) for measure in item.measures)
    form = _("choose {answers}") if item.format is Format.MULTI else _("say {answers}")
    said = (form.format(answers=_either(item, measure, labels)) for measure in item.measures)
    return tuple(replace(measure, says=says) for measure, says in zip(item.measures, said, strict=True))


def _either(item: Item, measure: Measure, labels: Mapping[str, str]) -> str:
    named = (labels[option.key] for option in item.options if option.key in measure.options)
    return _(" or ").join(_("“{answer}”").format(answer=answer) for answer in named)
