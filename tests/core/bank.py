"""Items built by hand for the tests of the method."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from pulse.core.model import Asked, Direction, Format, Item, Measure, Option, Side, Tally

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is slow, not wrong."""

AGREE = (
    *(Option(str(i), f"Box {i}", str(i)) for i in range(1, 6)),
    Option("cannot_say", "Cannot say", "–", False),
)


def item(
    id_: str = "T01",
    form: Format = Format.AGREE5,
    options: tuple[Option, ...] = AGREE,
    measures: tuple[Measure, ...] = (Measure("top2box", frozenset({"4", "5"}), "agree"),),
    direction: Direction = Direction.POSITIVE,
    mirrored: bool = True,
) -> Item:
    """An agree item of the trust dimension by default."""
    other = "We trust them." if mirrored else "They trust us."
    return Item(
        id=id_,
        dimension="trust",
        asked=Asked.EVERY_WAVE,
        format=form,
        direction=direction,
        options=options,
        measures=measures,
        wordings={Side.MARKETING: "They trust us.", Side.IT: other},
        baselines={},
        note="",
    )


def options(*keys: str) -> tuple[Option, ...]:
    """Counted options and one "cannot say"."""
    return (*(Option(key, key, key) for key in keys), Option("cannot_say", "Cannot say", "–", False))


AMOUNT = item(
    "A02",
    Format.CHOICE,
    options("far_too_little", "too_little", "about_right", "too_much"),
    (
        Measure("choice_share:about_right", frozenset({"about_right"}), "say “about right”"),
        Measure("choice_share:more_needed", frozenset({"far_too_little", "too_little"}), "say “too little”"),
    ),
    Direction.CHOICE,
    mirrored=False,
)
EFFECT = item(
    "E01",
    Format.CHOICE,
    options("very", "effective", "somewhat", "not"),
    (Measure("top1box", frozenset({"very"}), "say “very effective”"),),
    Direction.CHOICE,
)
LEAD = item(
    "L03",
    Format.MULTI,
    options("marketing", "it", "ceo", "nobody"),
    (
        Measure("choice_share:CMO", frozenset({"marketing"}), "choose “marketing”"),
        Measure("choice_share:CIO", frozenset({"it"}), "choose “IT”"),
    ),
    Direction.CHOICE,
    mirrored=False,
)
TRUST = item()
SLOW = item("R01", direction=Direction.NEGATIVE)


def counts(asked: Item, *numbers: int, n: int | None = None) -> Tally:
    """A tally with `numbers` in the order of the item's counted options."""
    keys = [option.key for option in asked.options if option.counted]
    return Tally(sum(numbers) if n is None else n, dict(zip(keys, numbers, strict=True)))


def agreeing(k: int, n: int) -> Tally:
    """`k` of `n` agree, the others are spread over the rest."""
    rest = n - k
    return counts(TRUST, rest // 3, rest // 3, rest - 2 * (rest // 3), k - k // 2, k // 2)
