"""Short titles: of a question's two wordings each names the other side, and a heading is for both."""

from __future__ import annotations

from pulse.core.language import N_, _
from pulse.core.model import Item, Side

TITLES = {
    "T01": N_("They do what they say they will do"),
    "T02": N_("They have the skills that we need"),
    "T04": N_("We can raise a problem openly with them"),
    "A01": N_("We need to be closely aligned"),
    "A02": N_("The amount of collaboration"),
    "A04": N_("Working together, compared with a year ago"),
    "E01": N_("Our working relationship"),
    "G01": N_("They understand us"),
    "G02": N_("We share the same goals"),
    "R01": N_("IT takes too long, marketing wants it too fast"),
    "R03": N_("They answered in good time"),
    "C01": N_("They keep us informed"),
    "C02": N_("They could explain our priorities"),
    "I01": N_("IT is involved before a technology is chosen"),
    "I02": N_("Technology comes in without IT's standards"),
    "I03": N_("Marketing promises before IT has agreed"),
    "D01": N_("What they give us falls short"),
    "D02": N_("Their plans change too often"),
    "L01": N_("We share responsibility"),
    "L02": N_("Our leaders encourage working together"),
    "L03": N_("Who leads our digital strategy"),
    "P01": N_("Marketing is near the top of IT's priorities"),
    "P02": N_("IT has enough time for marketing"),
    "S01": N_("How prepared our company is"),
}
"""Worded so that "7 of 12 agree" says the same of the title as of either wording."""


def title(item: Item) -> str:
    """A heading for both sides, in plain text; a company's own or an edited item has its wordings."""
    if item.id in TITLES and not item.own and not item.edited:
        return _(TITLES[item.id])
    return " / ".join(dict.fromkeys(item.wordings[side] for side in Side))


def dimension(item: Item) -> str:
    """The item's dimension with a capital.

    >>> from types import SimpleNamespace
    >>> dimension(SimpleNamespace(dimension="shared goals"))
    'Shared goals'
    """
    word = _(item.dimension)
    return word[:1].upper() + word[1:]
