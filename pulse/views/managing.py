"""Words to managers about what they do: before they open or close a pulse, and after each command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pulse.core.cards import ClosingCard, OpeningCard
from pulse.core.language import _, ngettext
from pulse.core.records import Traces
from pulse.views.blocks import actions, button, context, message, moment, section
from pulse.views.deletion import deleted
from pulse.views.message import Message, escape
from pulse.views.poll import turnout
from pulse.views.titles import title


def set_up(opens_at: datetime | None, also: str = "") -> Message:
    """Told to the manager who saved the set-up; `also` is one more sentence."""
    saved = _("*Saved.* `/pulse open` opens a pulse right away; without it the schedule does.")
    return message([section(" ".join([saved, *_after_that(opens_at), *filter(None, [also])]))])


def ask_open(card: OpeningCard) -> Message:
    """Asks before a pulse is opened, and says what opening it does."""
    titles = "\n".join(f"• {escape(title(item))}" for item in card.items)
    said = _(
        "*Open a pulse now?* It goes to everybody in {channels} at once and stays open until {when}. It asks:"
    ).format(channels=channel_list(card.channels), when=moment(card.closes_at))
    return message(
        [section(f"{said}\n{titles}"), actions([button(_("Open it now"), "manage:open", style="primary")])]
    )


def ask_close(card: ClosingCard) -> Message:
    """Asks before the pulse is closed, and says what closing it ends."""
    lines = [
        _("*Close the pulse now?* By itself it closes {when}.").format(when=moment(card.closes_at)),
        *(
            f"{_(side.label)}: {turnout(counted.answered, counted.roster, card.minimum)}"
            for side, counted in card.turnout.items()
        ),
        _(
            "Nobody can answer after that. Single answers are deleted, totals of {minimum} answers or more "
            "are posted, and a question with fewer stays without a result. This cannot be undone."
        ).format(minimum=card.minimum),
    ]
    close = button(_("Close it now"), "manage:close", value=card.wave_id, style="danger")
    return message([section("\n".join(lines)), actions([close])])


def wave_opened(channels: Sequence[str], closes_at: datetime) -> Message:
    """Told to the manager who opened a wave; `channels` are ids."""
    return message(
        [
            section(
                _(
                    "*The pulse is open until {when}.* It goes to {channels}. "
                    "`/pulse status` shows how many have answered; `/pulse close` ends it early."
                ).format(when=moment(closes_at), channels=channel_list(channels))
            )
        ]
    )


def wave_closed(channels: Sequence[str], traces: Traces = Traces.NONE) -> Message:
    """Told to the manager who closed a wave; `channels` are ids, `traces` what may still exist of answers."""
    return message(
        [
            section(
                _(
                    "*The pulse is closed.* {deleted} The results go to {channels}; `/pulse scores` shows"
                    " them, too."
                ).format(deleted=deleted(traces), channels=channel_list(channels))
            )
        ]
    )


def wave_called_off() -> Message:
    """Told to the manager who closed a wave whose key was lost."""
    return message(
        [
            section(
                _(
                    "*The pulse is called off:* its key was lost, so nobody can read its answers, and there"
                    " are no results. Closed pulses are not touched. `/pulse open` opens another."
                )
            )
        ]
    )


def wave_skipped(due_at: datetime, opens_at: datetime | None) -> Message:
    """Confirms that a manager left out the wave that was due."""
    said = _("The pulse that was planned for {when} is left out.").format(when=moment(due_at))
    return message([section(" ".join([said, *_after_that(opens_at)]))])


def wave_missed(due_at: datetime, opens_at: datetime | None) -> Message:
    """Tells managers that a wave's time had passed before the bot could post it."""
    said = _(
        "⚠️ The pulse that was planned for {when} has not been posted: I was not running or could not "
        "reach Slack, "
        "and by now it is too late for it."
    ).format(when=moment(due_at))
    fix = _("If you still want it, type `/pulse open`.")
    return message([section(" ".join([said, fix, *_after_that(opens_at)]))])


def waves_missed(decided: datetime | None, last: datetime, opens_at: datetime | None) -> Message:
    """Tells managers, once, of all the waves whose times passed before the bot could post them.

    `decided` is when the one before them was due, `last` when the latest of them was.
    """
    if decided is None:
        what = _("⚠️ None of the pulses that were planned up to {last} has been posted:").format(
            last=moment(last)
        )
    else:
        what = _(
            "⚠️ Since the pulse of {decided} none has been posted of those that were planned up to {last}:"
        ).format(decided=moment(decided), last=moment(last))
    why = _("I was not running or could not reach Slack, and by now it is too late for them.")
    fix = _("If you want one now, type `/pulse open`.")
    return message([section(" ".join([what, why, fix, *_after_that(opens_at)]))])


def paused() -> Message:
    return message(
        [
            section(
                _(
                    "Pulses are paused: none opens until somebody types `/pulse resume`. "
                    "A pulse that is open now stays open until its time."
                )
            )
        ]
    )


def resumed(opens_at: datetime | None) -> Message:
    return message([section(" ".join([_("Pulses carry on."), *_after_that(opens_at)]))])


def note_kept(text: str) -> Message:
    """Confirms a dated mark on the trend; `text` is as typed."""
    return message([section(_("Marked on today’s date in every trend: “{text}”").format(text=escape(text)))])


def exported(files: Sequence[str]) -> Message:
    """Told to the manager who asked for an export; `files` are names."""
    said = _(
        "I have sent you {files}, in our direct messages. They hold what was published, and nothing else."
    )
    return message([section(said.format(files=", ".join(f"`{name}`" for name in files)))])


def managers_list(named: Sequence[str], unmet: int = 0) -> Message:
    """Who may manage: the ids of the named people whom the bot has met, and how many more are named."""
    lines = [_("The admins and owners of this workspace manage the pulse.")]
    if named:
        people = ", ".join(f"<@{user}>" for user in named)
        lines.append(_("These people were named, too: {people}.").format(people=people))
    if unmet:
        lines.append(
            ngettext(
                "{count} more person was named whom I have not met since I was started: "
                "I keep no list of names, so I cannot say who.",
                "{count} more people were named whom I have not met since I was started: "
                "I keep no list of names, so I cannot say who.",
                unmet,
            ).format(count=unmet)
        )
    if not named and not unmet:
        lines.append(_("Nobody else is named."))
    how = _("`/pulse managers add @name` names somebody, `/pulse managers remove @name` takes it back.")
    return message([section(" ".join(lines)), context(how)])


def _after_that(opens_at: datetime | None) -> list[str]:
    return [] if opens_at is None else [_("The next pulse opens {when}.").format(when=moment(opens_at))]


def channel_list(ids: Sequence[str]) -> str:
    return ", ".join(f"<#{channel}>" for channel in ids)
