"""A company's own questions: what a manager writes in Slack, as an item of the bank.

A draft is read by the same rules as a file of items (`pulse.core.items.parse_items`), so that a question
from Slack can do no more and no less than one of the bank.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pulse.core.errors import DataFault
from pulse.core.items import OWN_COLUMNS, OWN_OPTIONAL, parse_items, slug
from pulse.core.language import _
from pulse.core.model import Direction, Format, Item, Side
from pulse.core.records import OwnQuestion
from pulse.core.table import read

FILE = "questions"
"""The file name in a fault of a draft; a form shows the sentence without it."""
ID_PREFIX = "X"
FIELDS = {
    "dimension": "dimension",
    "scale": "options",
    "wording_marketing": "marketing",
    "wording_it": "it",
    "direction": "direction",
    "measures": "reported",
    "id": "marketing",
}
"""The form's field for each column that a fault can name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDraft:
    """A question as it is written in the form. `options` and `reported` are labels, none for agree items.

    `reported` are the options whose share is reported, the first option if none is named. `direction` says
    whether agreement is "positive" or "negative" for the two sides.
    """

    dimension: str
    format: Format
    marketing: str
    it: str
    options: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()
    direction: Direction = Direction.POSITIVE

    @classmethod
    def of(cls, item: Item) -> QuestionDraft:
        """The draft that makes this own item again."""
        asks_agreement = item.format is Format.AGREE5
        labels = {option.key: option.label for option in item.options}
        return cls(
            dimension=item.dimension,
            format=item.format,
            marketing=item.wordings[Side.MARKETING],
            it=item.wordings[Side.IT],
            options=() if asks_agreement else tuple(labels.values()),
            reported=()
            if asks_agreement
            else tuple(labels[key] for key in labels if key in item.measures[0].options),
            direction=Direction.POSITIVE if item.direction is Direction.CHOICE else item.direction,
        )

    def row(self, item_id: str) -> dict[str, str]:
        """The draft as a row of a file of own items. Raises DataFault for an option that no file can hold."""
        return {
            "id": item_id,
            "dimension": self.dimension,
            "cadence": "rotating",
            "scale": self._scale(),
            "wording_marketing": self.marketing,
            "wording_it": self.it,
            "direction": str(self.direction if self.format is Format.AGREE5 else Direction.CHOICE),
            "measures": self._measures(),
        }

    def _scale(self) -> str:
        if self.format is Format.AGREE5:
            return "agree5"
        for label in self.options:
            if re.search(r"\s/\s|[;+=]", label):
                raise _fault("scale", _("“{answer}” has a sign that answers cannot have: / ; + =."), label)
        kind = "multi-select" if self.format is Format.MULTI else "choice"
        return f"{kind}: {' / '.join(self.options)}"

    def _measures(self) -> str:
        if self.format is Format.AGREE5 or not self.options:
            return ""
        reported = self.reported or self.options[:1]
        return f"choice_share:{slug(reported[0]) or 'first'} = {' + '.join(reported)}"


def questions_of(text: str, file: str, taken: Sequence[str]) -> tuple[OwnQuestion, ...]:
    """The questions of a company's file of items (docs/items.md), to be kept in the store.

    `taken` are ids of shipped items. Raises DataFault for the first fault.
    """
    items = parse_items(text, file, None, own=True, taken=taken)
    columns = (*OWN_COLUMNS, *OWN_OPTIONAL)
    rows = read(text, file, OWN_COLUMNS, OWN_OPTIONAL)
    return tuple(
        OwnQuestion(
            item_id=item.id, wording={column: row.get(column) for column in columns}, series=item.series
        )
        for item, row in zip(items, rows, strict=True)
    )


def _fault(column: str, problem: str, answer: str) -> DataFault:
    return DataFault(FILE, 1, column, problem.format(answer=answer))


def own_item(row: Mapping[str, str]) -> Item:
    """The item of a row that `QuestionDraft.row` made. Raises DataFault."""
    text = io.StringIO()
    columns = (*OWN_COLUMNS, *OWN_OPTIONAL)
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerow({column: row.get(column, "") for column in columns})
    (item,) = parse_items(text.getvalue(), FILE, None, own=True)
    return item


def faults(draft: QuestionDraft) -> dict[str, str]:
    """A sentence for the form's field that is at fault; empty if the draft is a question."""
    try:
        own_item(draft.row(f"{ID_PREFIX}0"))
    except DataFault as fault:
        return {FIELDS.get(fault.column, "marketing"): fault.problem}
    return {}


def next_id(taken: Collection[str]) -> str:
    """An id for a new own question.

    >>> next_id(["T01", "X01", "x07"])
    'X08'
    """
    numbers = [int(found[1]) for id_ in taken if (found := re.fullmatch(r"[Xx](\d{1,6})", id_))]
    return f"{ID_PREFIX}{max(numbers, default=0) + 1:02d}"
