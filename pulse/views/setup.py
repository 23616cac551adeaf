"""The form in which a manager sets the pulse up, and the preview of what it will post."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from gettext import NullTranslations
from itertools import islice
from typing import Any

from pulse.core.calendar import Moments
from pulse.core.cards import PollCard
from pulse.core.errors import FormNotUnderstood, PulseError, ScheduleFault
from pulse.core.language import LANGUAGES, N_, SOURCE, _, ngettext, speaking
from pulse.core.model import BothSides, Item, Side
from pulse.core.privacy import LOWEST_MINIMUM
from pulse.core.records import ReadersRule
from pulse.core.schedule import Repeat, Weekday, describe
from pulse.core.setup_form import (
    DATES_LIMIT,
    ChannelFault,
    NotNameable,
    SetupFault,
    SetupForm,
    UndecidedPeople,
)
from pulse.core.zones import FoundZone
from pulse.views.blocks import (
    Element,
    actions,
    button,
    context,
    divider,
    moment,
    option,
    plain,
    section,
)
from pulse.views.message import Block, View, escape
from pulse.views.poll import asked, poll_message

CALLBACK = "setup"
FIELD = "field"  # the action_id of every field but the zone, whose options Slack asks for under "zone"
ZONE = "zone"
PREVIEW = "setup_preview"
OPTIONS_LIMIT = 100
OPTION_TEXT = 75
CHANNELS_LIMIT = 20
MANAGERS_LIMIT = 20
GREATEST_MINIMUM = 1000

_RHYTHMS = (
    ("weekly:1", N_("Weekly, on {weekday}")),
    ("every 2 weeks:1", N_("Every 2 weeks, on {weekday}")),
    ("every 4 weeks:1", N_("Every 4 weeks, on {weekday}")),
    ("monthly:1", N_("Monthly, on the first {weekday}")),
    ("monthly:2", N_("Monthly, on the second {weekday}")),
    ("monthly:3", N_("Monthly, on the third {weekday}")),
    ("monthly:4", N_("Monthly, on the fourth {weekday}")),
    ("monthly:-1", N_("Monthly, on the last {weekday}")),
)
"""How often: the repeat, and which such day of the month; the weekday is appended: `monthly:1:tuesday`."""

_MINIMUMS = {
    LOWEST_MINIMUM: N_("5 answers: the least that protects"),
    10: N_("10 answers: careful, for wary teams"),
    15: N_("15 answers"),
    20: N_("20 answers"),
    30: N_("30 answers"),
}
_READERS_RULES = {
    ReadersRule.CHANNELS: N_("Members of these channels, and managers"),
    ReadersRule.WORKSPACE: N_("Every member of the workspace"),
}
_BOTH_SIDES = (
    (BothSides.MARKETING, N_("They count for marketing")),
    (BothSides.IT, N_("They count for IT")),
    (BothSides.NOBODY, N_("They are not asked")),
)
_REMINDERS = (("0", N_("None")), ("1", N_("One")), ("2", N_("Two")))


class FormErrors(PulseError):
    """Fields to correct: `errors` has a sentence by block_id, `form` what was filled in."""

    def __init__(self, errors: Mapping[str, str], form: SetupForm) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors, self.form = dict(errors), form


# What a manager sees


def setup_view(
    form: SetupForm,
    preview: Sequence[Block] = (),
    errors: Mapping[str, str] | None = None,
    reminders: bool = False,
) -> View:
    """The modal. `preview` is made by `setup_preview`; `errors` are those found when a preview was requested.

    On a submission errors are shown at their fields instead: acknowledge it with `FormErrors.errors`. The
    field for reminders is there only with `reminders`; a form without it asks for none.
    """
    note = _("Changes count from the next pulse on. A pulse that is open now stays as it is.")
    see = actions([button(_("Preview"), PREVIEW)], block_id="preview")
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain(_("Set up the pulse")),
        "submit": plain(_("Save")),
        "close": plain(_("Cancel")),
        "blocks": [
            section(note),
            *_channels(form),
            *_times(form),
            *_questions(form, reminders),
            *_people(form),
            see,
        ]
        + (_to_fix(errors) if errors else [])
        + list(preview),
    }


def setup_preview(
    form: SetupForm,
    items: tuple[Item, ...],
    waves: Sequence[Moments],
    posts: NullTranslations | None = None,
    *,
    in_both: int = 0,
) -> list[Block]:
    """What will be posted to each side in the first wave, and when the first waves open and close.

    `in_both` people are in channels of both sides. `items` are those of the first wave, in the language of
    `posts` (English by default). Raises ScheduleFault if the form's fields do not go together.
    """
    lines = [
        _("• opens {opens}, closes {closes}").format(
            opens=moment(wave.opens_at), closes=moment(wave.closes_at)
        )
        for wave in waves
    ]
    when = _("*When:* {schedule}. The first pulses, in your own time zone:").format(
        schedule=escape(describe(form.schedule()))
    )
    blocks = [divider(), section("\n".join([when, *lines]))]
    if in_both:
        blocks.append(section(people_of_both_sides(in_both, form.both_sides)))
    for side in Side:
        where = ", ".join(f"<#{channel}>" for channel in form.channels(side))
        blocks.append(divider())
        blocks.append(
            section(
                _("*The first post for {side}*, in {channels}:").format(side=_(side.label), channels=where)
            )
        )
        card = PollCard(
            wave_id="0",
            side=side,
            items=items,
            closes_at=waves[0].closes_at,
            roster=0,
            answered=None,
            minimum=form.minimum,
        )
        with speaking(posts or NullTranslations()):
            poll = poll_message(card)
            rest = [asked(n, len(items), item, side) for n, item in enumerate(items[1:], start=2)]
        blocks += [shown for block in (*poll.blocks, *rest) for shown in _as_picture(block)]
    return blocks


def zone_options(found: Iterable[FoundZone]) -> list[Element]:
    """The time zones that fit what was typed, as options; at most as many as Slack takes."""
    return [_zone_option(one) for one in islice(found, OPTIONS_LIMIT)]


def people_of_both_sides(count: int, rule: BothSides) -> str:
    """How many people are in channels of both sides, and for which side they count. Plain text.

    >>> people_of_both_sides(1, BothSides.IT)
    '1 person is in channels of both sides and counts for IT.'
    """
    if rule is BothSides.UNDECIDED:
        said = ngettext(
            "{count} person is in channels of both sides. Choose for which side they count.",
            "{count} people are in channels of both sides. Choose for which side they count.",
            count,
        )
        return said.format(count=count)
    if rule is BothSides.NOBODY:
        said = ngettext(
            "{count} person is in channels of both sides and is not asked.",
            "{count} people are in channels of both sides and are not asked.",
            count,
        )
        return said.format(count=count)
    said = ngettext(
        "{count} person is in channels of both sides and counts for {side}.",
        "{count} people are in channels of both sides and count for {side}.",
        count,
    )
    return said.format(count=count, side=_(Side(rule.value).label))


_CHANNEL_FAULTS = {
    "not_in_channel": N_("I am not in #{channel}. Open it, type /invite and my name, then save again."),
    "channel_not_found": N_(
        "I cannot see one of these channels. Open it, type /invite and my name, then save again."
    ),
    "unreachable": N_("Slack did not answer about one of these channels. Please save again in a minute."),
    "ratelimited": N_("Slack asks me to slow down just now. Please save again in a minute."),
    "missing_scope": N_(
        "The app lacks a permission to see these channels. Paste its current manifest and reinstall it."
    ),
    "is_archived": N_("#{channel} is archived. Choose another channel."),
    "too_few": N_(
        "#{channel} has fewer than {minimum} people who can be asked, so its results could never be shown."
    ),
    "isolates": N_(
        "This changes who is asked on one side by fewer than {minimum} people. Two pulses, compared, could "
        "then show how one of them answered. Change it by {minimum} people or more, or leave it."
    ),
    "shared": N_("#{channel} is shared with another company. Choose a channel of your own."),
}


def channel_fault(channel: str, why: str, minimum: int = LOWEST_MINIMUM) -> str:
    """What is wrong with a channel (its name), for its field in the form.

    `why` is Slack's code, too_few, isolates, shared or unreachable. Plain text: Slack shows an error of a
    field as it is.
    """
    sentence = _CHANNEL_FAULTS.get(
        why,
        N_("Slack refuses to tell about one of these channels ({why}). Please save again in a minute."),
    )
    return _(sentence).format(channel=channel, minimum=minimum, why=why)


def field_errors(faults: Mapping[str, SetupFault], form: SetupForm) -> dict[str, str]:
    """A sentence for each field that could not be saved."""
    return {field: _fault(fault, form) for field, fault in faults.items()}


def _fault(fault: SetupFault, form: SetupForm) -> str:
    match fault:
        case ChannelFault():
            return channel_fault(fault.name, fault.code, fault.minimum)
        case UndecidedPeople():
            return people_of_both_sides(fault.people, form.both_sides)
        case NotNameable():
            return fault.sentence


def _channels(form: SetupForm) -> list[Block]:
    ask = _("Invite me to each channel first: type /invite and my name there.")
    also = _("Besides the channels above, such as one for leadership. I must be a member there, too.")
    return [
        _input("marketing", _("Channels of marketing"), _pick_channels(form.marketing), hint=ask),
        _input("it", _("Channels of IT"), _pick_channels(form.it)),
        _both_sides(form),
        _input(
            "results", _("Post the results here, too"), _pick_channels(form.results), hint=also, optional=True
        ),
    ]


def _both_sides(form: SetupForm) -> Block:
    options = [option(_(text), rule.value) for rule, text in _BOTH_SIDES]
    hint = _("Nobody answers for both. You need this only if there are such people; Save counts them.")
    field = _select(options, form.both_sides.value)
    return _input("both_sides", _("People in channels of both sides"), field, hint=hint, optional=True)


def _times(form: SetupForm) -> list[Block]:
    nth = form.nth if form.repeat == Repeat.MONTHLY else 1
    rhythm = f"{form.repeat}:{nth}:{form.weekday}"
    rhythms = [
        option(_(text).format(weekday=day.label), f"{value}:{day.value}")
        for value, text in _RHYTHMS
        for day in Weekday
    ]
    lengths = [option(str(days), str(days)) for days in range(1, 20)]
    zone = {
        "type": "external_select",
        "action_id": ZONE,
        "min_query_length": 0,
        "placeholder": plain(_("Type a city")),
        "initial_option": _zone_option(FoundZone(zone=form.zone)),
    }
    at = {"type": "timepicker", "action_id": FIELD, "initial_time": form.at}
    start = {"type": "datepicker", "action_id": FIELD, "initial_date": form.starts_on}
    anytime = option(_("Also at weekends and outside 08:00 to 18:00"), "any_hour")
    hours: Element = {"type": "checkboxes", "action_id": FIELD, "options": [anytime]}
    if form.any_hour:
        hours["initial_options"] = [anytime]
    dates: Element = {
        "type": "plain_text_input",
        "action_id": FIELD,
        "multiline": True,
        "max_length": DATES_LIMIT,
    }
    if form.skip_dates:
        dates["initial_value"] = form.skip_dates[:DATES_LIMIT]
    dates_hint = _("Holidays and other days without a pulse, such as 2026-12-24..2027-01-03 2027-05-01.")
    return [
        _input("repeat", _("How often"), _select(rhythms, rhythm)),
        _input("at", _("Time"), at),
        _input("zone", _("Time zone"), zone),
        _input("starts_on", _("Not before"), start),
        _input("working_days", _("Stays open for (working days)"), _select(lengths, str(form.working_days))),
        _input("any_hour", _("Hours"), hours, optional=True),
        _input("skip_dates", _("Dates to leave out"), dates, hint=dates_hint, optional=True),
    ]


def _questions(form: SetupForm, offer_reminders: bool) -> list[Block]:
    counts = [option(str(count), str(count)) for count in (2, 3, 4)]
    reminders = [option(_(text), value) for value, text in _REMINDERS]
    minimums = [option(_(text), str(value)) for value, text in _MINIMUMS.items()]
    if form.minimum not in _MINIMUMS:
        minimums.append(option(str(form.minimum), str(form.minimum)))
    least = _select(minimums, str(form.minimum))
    least_hint = _("A side with fewer answers to a question is not shown.")
    remind_hint = _("Sent privately to people who have not answered.")
    blocks = [
        _input("items", _("Questions in a pulse"), _select(counts, str(form.items))),
        _input(
            "minimum",
            _("Smallest group that is shown"),
            least,
            hint=least_hint,
        ),
    ]
    languages = [option(name, language) for language, name in LANGUAGES.items()]
    posts_hint = _(
        "Of what everybody in the channels reads. Private messages follow each reader's own Slack."
    )
    blocks.append(
        _input("language", _("Language of the posts"), _select(languages, form.language), hint=posts_hint)
    )
    if offer_reminders:
        picked = _select(reminders, str(form.reminders))
        blocks.append(_input("reminders", _("Reminders"), picked, hint=remind_hint))
    return blocks


def _people(form: SetupForm) -> list[Block]:
    rules = [option(_(text), str(rule)) for rule, text in _READERS_RULES.items()]
    share = option(_("Readers may show a result in other channels"), "sharing")
    sharing: Element = {"type": "checkboxes", "action_id": FIELD, "options": [share]}
    if form.sharing:
        sharing["initial_options"] = [share]
    people: Element = {
        "type": "multi_users_select",
        "action_id": FIELD,
        "placeholder": plain(_("Choose people")),
        "max_selected_items": MANAGERS_LIMIT,
    }
    if form.managers:
        people["initial_users"] = list(form.managers)
    people_hint = _("Admins and owners manage anyway. `/pulse managers` lists everybody and takes it back.")
    return [
        _input("readers", _("Who may read results"), _select(rules, str(form.readers))),
        _input("sharing", _("Sharing"), sharing, optional=True),
        _input("managers", _("Name managers"), people, hint=people_hint, optional=True),
    ]


def _input(block_id: str, label: str, element: Element, hint: str = "", optional: bool = False) -> Block:
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "optional": optional,
        "label": plain(label),
        "element": element,
    }
    if hint:
        block["hint"] = plain(hint)
    return block


def _pick_channels(chosen: tuple[str, ...]) -> Element:
    element: Element = {
        "type": "multi_conversations_select",
        "action_id": FIELD,
        "placeholder": plain(_("Choose channels")),
        "max_selected_items": CHANNELS_LIMIT,
        "filter": {
            "include": ["public", "private"],
            "exclude_bot_users": True,
            "exclude_external_shared_channels": True,
        },
    }
    if chosen:
        element["initial_conversations"] = list(chosen)
    return element


def _select(options: list[Element], chosen: str) -> Element:
    element: Element = {"type": "static_select", "action_id": FIELD, "options": options}
    initial = [each for each in options if each["value"] == chosen]
    if initial:
        element["initial_option"] = initial[0]
    return element


def _zone_option(found: FoundZone) -> Element:
    name = found.zone.replace("_", " ")
    place = f"{found.place} ({name})" if found.place else name
    return option(place if len(place) <= OPTION_TEXT else name, found.zone)


def _to_fix(errors: Mapping[str, str]) -> list[Block]:
    lines = [f"• {escape(sentence)}" for sentence in errors.values()]
    return [section("\n".join([_("⚠️ *Before there is a preview:*"), *lines]))]


def _as_picture(block: Block) -> list[Block]:
    """A poll's block without anything to press: in a preview nobody answers."""
    if block["type"] != "actions":
        return [block]
    return [context("   ".join(f"[ {escape(each['text']['text'])} ]" for each in block["elements"]))]


# What comes back

_SIDES = ("marketing", "it")
_OPTIONAL = frozenset(
    {
        "both_sides",
        "results",
        "any_hour",
        "skip_dates",
        "reminders",
        "language",
        "readers",
        "sharing",
        "managers",
    }
)
# Fields of the schedule that the form shows under another block.
_SHOWN_AT = {"nth": "repeat", "weekday": "repeat", "grace_minutes": "at"}


def parse_setup(view_state: Mapping[str, Any]) -> SetupForm:
    """The form from a view's `state`, whether submitted or still open.

    Raises FormErrors if a manager must correct something, FormNotUnderstood for a state that this form cannot
    have sent. The use case checks that the channels exist and the bot is in them.
    """
    values = view_state.get("values") if isinstance(view_state, Mapping) else None
    if not isinstance(values, Mapping) or not set(values) <= set(_READERS):
        raise FormNotUnderstood
    read = {name: reader(_field(values, name)) for name, reader in _READERS.items()}
    form = _form(read)
    errors = {**_missing(read), **_own_errors(form, read)}
    errors = {**_schedule_errors(form), **errors}
    if errors:
        raise FormErrors(errors, form)
    return form


def _form(read: Mapping[str, Any]) -> SetupForm:
    repeat, nth, weekday = _rhythm(read["repeat"] or "")
    numbers: dict[str, Any] = {
        name: _whole(read[name]) for name in ("working_days", "items", "minimum", "reminders")
    }
    return SetupForm(
        marketing=read["marketing"],
        it=read["it"],
        results=read["results"],
        repeat=repeat,
        nth=nth,
        weekday=weekday,
        at=read["at"] or "",
        zone=read["zone"] or "",
        starts_on=read["starts_on"] or "",
        any_hour=read["any_hour"],
        skip_dates=read["skip_dates"] or "",
        language=_language(read["language"]),
        readers=_readers_rule(read["readers"]),
        sharing=read["sharing"],
        managers=read["managers"],
        both_sides=_rule(read["both_sides"]),
        **numbers,
    )


def _rhythm(chosen: str) -> tuple[str, int, str]:
    """Repeat, which such day of the month, and weekday, from `monthly:1:tuesday`."""
    repeat, _colon, rest = chosen.partition(":")
    nth, _colon, weekday = rest.partition(":")
    return repeat, _whole(nth), weekday


def _readers_rule(chosen: str | None) -> ReadersRule:
    if chosen not in (None, *ReadersRule):
        raise FormNotUnderstood
    return ReadersRule(chosen or ReadersRule.CHANNELS)


def _language(chosen: str | None) -> str:
    if chosen not in (None, *LANGUAGES):
        raise FormNotUnderstood
    return chosen or SOURCE


def _rule(chosen: str | None) -> BothSides:
    try:
        return BothSides(chosen or "")
    except ValueError as fault:
        raise FormNotUnderstood from fault


def _missing(read: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: _("Please choose something here.")
        for name, value in read.items()
        if value in (None, "", ()) and name not in _OPTIONAL
    }


def _own_errors(form: SetupForm, read: Mapping[str, Any]) -> dict[str, str]:
    errors = {}
    if set(form.marketing) & set(form.it):
        errors["it"] = _("A channel can belong to one side only. Take out the one that marketing has, too.")
    if form.items not in (2, 3, 4):
        errors["items"] = _("Choose 2, 3 or 4 questions.")
    if read["minimum"] and not LOWEST_MINIMUM <= form.minimum <= GREATEST_MINIMUM:
        errors["minimum"] = _("Choose 5 answers or more.")
    return errors


def _schedule_errors(form: SetupForm) -> dict[str, str]:
    try:
        form.schedule()
    except ScheduleFault as fault:
        return {_SHOWN_AT.get(field, field): sentence for field, sentence in fault.fields.items()}
    return {}


def _whole(typed: str | None) -> int:
    """The number, or 0 if there is none: a field that must not be 0 has its own check."""
    try:
        return int(typed or "")
    except ValueError:
        return 0


def _field(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    fields = values.get(name, {} if name in _OPTIONAL else None)
    if not isinstance(fields, Mapping) or not set(fields) <= {ZONE if name == "zone" else FIELD}:
        raise FormNotUnderstood
    field = fields.get(ZONE if name == "zone" else FIELD, {} if name in _OPTIONAL else None)
    if not isinstance(field, Mapping):
        raise FormNotUnderstood
    return field


def _text(key: str) -> Callable[[Mapping[str, Any]], str | None]:
    def read(field: Mapping[str, Any]) -> str | None:
        value = field.get(key)
        if value is not None and not isinstance(value, str):
            raise FormNotUnderstood
        return value

    return read


def _chosen(field: Mapping[str, Any]) -> str | None:
    chosen = field.get("selected_option")
    if chosen is None:
        return None
    if not isinstance(chosen, Mapping) or not isinstance(chosen.get("value"), str):
        raise FormNotUnderstood
    return str(chosen["value"])


def _conversations(field: Mapping[str, Any]) -> tuple[str, ...]:
    chosen = field.get("selected_conversations") or []
    if not isinstance(chosen, list) or not all(isinstance(each, str) for each in chosen):
        raise FormNotUnderstood
    return tuple(chosen)


def _users(field: Mapping[str, Any]) -> tuple[str, ...]:
    chosen = field.get("selected_users") or []
    if not isinstance(chosen, list) or not all(isinstance(each, str) for each in chosen):
        raise FormNotUnderstood
    return tuple(chosen)


def _ticked(field: Mapping[str, Any]) -> bool:
    chosen = field.get("selected_options") or []
    if not isinstance(chosen, list):
        raise FormNotUnderstood
    return bool(chosen)


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "marketing": _conversations,
    "it": _conversations,
    "both_sides": _chosen,
    "results": _conversations,
    "repeat": _chosen,
    "at": _text("selected_time"),
    "zone": _chosen,
    "starts_on": _text("selected_date"),
    "working_days": _chosen,
    "any_hour": _ticked,
    "skip_dates": _text("value"),
    "items": _chosen,
    "minimum": _chosen,
    "reminders": _chosen,
    "language": _chosen,
    "readers": _chosen,
    "sharing": _ticked,
    "managers": _users,
}
