"""What managers do by command or by a button of the Home tab. Each checks that its user is a manager."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from handlers.replies import wave_id_of
from pulse.core.errors import BadRequest
from pulse.core.language import _
from pulse.services.workspace import Workspace
from pulse.views import notices
from pulse.views.message import Message

Managing = Callable[[Workspace, str, str], Awaitable[Message]]

PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")


async def open_wave(services: Workspace, user: str, _rest: str) -> Message:
    await services.managers.check(user)
    wave = await services.waves.open_by_hand()
    services.after.later(deliver(services))
    return notices.wave_opened(tuple(wave.channels), wave.closes_at)


async def close_wave(services: Workspace, user: str, _rest: str) -> Message:
    return await _close(services, user, None)


async def close_shown(services: Workspace, user: str, value: str) -> Message:
    """Closes the wave that the pressed page showed, and no other."""
    return await _close(services, user, wave_id_of(value))


async def _close(services: Workspace, user: str, shown: int | None) -> Message:
    await services.managers.check(user)
    wave = await services.waves.close_by_hand(shown)
    services.after.later(deliver(services))
    return notices.wave_closed(tuple(wave.channels))


async def skip(services: Workspace, user: str, _rest: str) -> Message:
    return await _skip(services, user, None)


async def skip_shown(services: Workspace, user: str, value: str) -> Message:
    """Leaves out the wave whose opening the pressed page showed, and no other."""
    try:
        shown = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadRequest(_("That button is not one of this pulse. Nothing was changed.")) from error
    return await _skip(services, user, shown)


async def _skip(services: Workspace, user: str, shown: datetime | None) -> Message:
    await services.managers.check(user)
    skipped = await services.waves.skip_next(shown)
    return notices.wave_skipped(skipped.opens_at, services.desk.next_opening())


async def pause(services: Workspace, user: str, _rest: str) -> Message:
    await services.managers.check(user)
    await services.waves.pause()
    return notices.paused()


async def resume(services: Workspace, user: str, _rest: str) -> Message:
    await services.managers.check(user)
    await services.waves.resume()
    return notices.resumed(services.desk.next_opening())


async def note(services: Workspace, user: str, rest: str) -> Message:
    await services.managers.check(user)
    text = rest.strip().strip('"“”„').strip()
    if not text:
        raise BadRequest(_('Please say what to note: /pulse note "new intake form".'))
    return notices.note_kept((await services.desk.note(text)).text)


async def managers(services: Workspace, user: str, rest: str) -> Message:
    """Lists who manages; `add` and `remove` with people name them or take it back."""
    await services.managers.check(user)
    if rest:
        word, _space, whom = rest.partition(" ")
        people = list(dict.fromkeys(PERSON.findall(whom)))
        if word.casefold() not in ("add", "remove") or PERSON.sub("", whom).strip(" ,") or not people:
            raise BadRequest(
                _("Please write /pulse managers, /pulse managers add @name or /pulse managers remove @name.")
            )
        await services.managers.name(people, wanted=word.casefold() == "add")
    return notices.managers_list(services.managers.named(), services.managers.unmet())


async def export(services: Workspace, user: str, _rest: str) -> Message:
    await services.managers.check(user)
    return notices.exported(await services.desk.export(user))


async def deliver(services: Workspace) -> None:
    """Posts what a change of the waves brings, and draws the Home tabs that may be looked at."""
    await services.desk.deliver()
    await services.homes.follow()
    await services.desk.prepare()


MANAGING: Mapping[str, Managing] = {
    "open": open_wave,
    "close": close_wave,
    "skip": skip,
    "pause": pause,
    "resume": resume,
    "note": note,
    "managers": managers,
    "export": export,
}

PRESSED: Mapping[str, Managing] = {
    "open": open_wave,
    "close": close_shown,
    "skip": skip_shown,
    "pause": pause,
    "resume": resume,
}
"""The buttons of the Home tab: their third argument is the button's value."""
