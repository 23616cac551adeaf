"""What managers do by command or by a button of the Home tab.

Nothing here checks who asks: `handlers.commands` and `handlers.home` do, before they call one of these.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from handlers.interaction import Interaction
from handlers.replies import wave_id_of
from pulse.core.alert import InDoubt, Posted
from pulse.core.errors import BadRequest
from pulse.core.language import _
from pulse.core.records import MessageKind
from pulse.views import doubts, managing
from pulse.views.message import Message

Manage = Callable[[Interaction, str], Awaitable[Message]]
"""The second argument is what was typed after the command, or a button's value."""

PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")


async def ask_open(interaction: Interaction, _rest: str) -> Message:
    """Says what would be asked, where and until when, with the button that opens it."""
    return managing.ask_open(await interaction.workspace.by_hand.opening())


async def ask_close(interaction: Interaction, _rest: str) -> Message:
    """Says what closing now ends, with the button that does it."""
    return managing.ask_close(await interaction.workspace.participation.closing())


async def open_wave(interaction: Interaction, _rest: str) -> Message:
    wave = await interaction.workspace.by_hand.open()
    interaction.later(follow_waves(interaction))
    return managing.wave_opened(tuple(wave.channels), wave.closes_at)


async def close_wave(interaction: Interaction, _rest: str) -> Message:
    return await _close(interaction, None)


async def close_shown(interaction: Interaction, value: str) -> Message:
    """Closes the wave that the pressed page showed, and no other."""
    return await _close(interaction, wave_id_of(value))


async def _close(interaction: Interaction, shown: str | None) -> Message:
    closed = await interaction.workspace.by_hand.close(shown)
    interaction.later(follow_waves(interaction))
    if closed.called_off:
        return managing.wave_called_off()
    return managing.wave_closed(closed.channels, closed.traces)


async def skip(interaction: Interaction, _rest: str) -> Message:
    return await _skip(interaction, None)


async def skip_shown(interaction: Interaction, value: str) -> Message:
    """Leaves out the wave whose opening the pressed page showed, and no other."""
    try:
        shown = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadRequest(_("That button is not one of this pulse. Nothing was changed.")) from error
    return await _skip(interaction, shown)


async def _skip(interaction: Interaction, shown: datetime | None) -> Message:
    skipped = await interaction.workspace.by_hand.skip(shown)
    return managing.wave_skipped(skipped.opens_at, await interaction.workspace.waves.next_opening())


async def pause(interaction: Interaction, _rest: str) -> Message:
    await interaction.workspace.by_hand.pause()
    return managing.paused()


async def resume(interaction: Interaction, _rest: str) -> Message:
    await interaction.workspace.by_hand.resume()
    return managing.resumed(await interaction.workspace.waves.next_opening())


async def note(interaction: Interaction, rest: str) -> Message:
    text = rest.strip().strip('"“”„').strip()
    if not text:
        raise BadRequest(_('Please say what to note: /pulse note "new intake form".'))
    made = await interaction.workspace.notes.add(text)
    return managing.note_kept(made.text)


async def managers(interaction: Interaction, rest: str) -> Message:
    """Lists the managers; `add` or `remove` with people first names them or takes that back."""
    service = interaction.workspace.managers
    if rest:
        word, _space, whom = rest.partition(" ")
        people = list(dict.fromkeys(PERSON.findall(whom)))
        if word.casefold() not in ("add", "remove") or PERSON.sub("", whom).strip(" ,") or not people:
            raise BadRequest(
                _("Please write /pulse managers, /pulse managers add @name or /pulse managers remove @name.")
            )
        await service.name(people, wanted=word.casefold() == "add")
    return managing.managers_list(await service.named(), await service.unmet())


async def export(interaction: Interaction, _rest: str) -> Message:
    """Sends the published totals as files to the manager who asked."""
    files, slack = await interaction.workspace.results.export_files(), interaction.surfaces.slack
    await slack.send_files(await slack.open_dm(interaction.user), files, _("The published totals."))
    return managing.exported(tuple(files))


async def follow_waves(interaction: Interaction) -> None:
    """After a wave has opened or closed: posts what is due, redraws Home tabs, makes the first cards."""
    await interaction.surfaces.publisher.deliver()
    await interaction.surfaces.home_tabs.follow()
    await interaction.surfaces.cards.prepare()


async def post_again(interaction: Interaction, which: str) -> Message:
    """Posts a message again when nobody can tell whether it was posted."""
    found = await interaction.surfaces.publisher.post_again(which)
    if not found:
        return doubts.nothing_in_doubt()
    for message in found:
        # If its outcome is lost once more, the managers are asked once more.
        interaction.workspace.alerts.resolve(
            InDoubt(outbox_key=message.key, what=Posted.POLL, channel=message.channel)
        )
    interaction.later(interaction.surfaces.publisher.deliver())
    wave = interaction.workspace.waves.current
    if all(
        message.kind == MessageKind.POLL and (wave is None or message.wave_id != wave.id) for message in found
    ):
        return doubts.poll_closed_meanwhile()
    return doubts.posted_again(found[0].channel)


PRESSED: Mapping[str, Manage] = {
    "open": open_wave,
    "close": close_shown,
    "skip": skip_shown,
    "pause": pause,
    "post_again": post_again,
    "resume": resume,
}
"""The buttons of the Home tab and of alerts."""
