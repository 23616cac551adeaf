"""What managers do by command or by a button of the Home tab. Each checks that its user is a manager."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from pulse.core.errors import BadRequest
from pulse.core.language import _
from pulse.runtime.services import Services
from pulse.views import notices
from pulse.views.message import Message

Managing = Callable[[Services, str, str], Awaitable[Message]]


async def open_wave(services: Services, user: str, _rest: str) -> Message:
    await services.managers.check(user)
    wave = await services.waves.open_by_hand()
    services.after.later(services.desk.deliver())
    return notices.wave_opened(tuple(wave.channels), wave.closes_at)


async def close_wave(services: Services, user: str, _rest: str) -> Message:
    await services.managers.check(user)
    wave = await services.waves.close_by_hand()
    services.after.later(services.desk.deliver())
    return notices.wave_closed(tuple(wave.channels))


async def skip(services: Services, user: str, _rest: str) -> Message:
    await services.managers.check(user)
    skipped = await services.waves.skip_next()
    return notices.wave_skipped(skipped.opens_at, services.desk.next_opening())


async def pause(services: Services, user: str, _rest: str) -> Message:
    await services.managers.check(user)
    await services.waves.pause()
    return notices.paused()


async def resume(services: Services, user: str, _rest: str) -> Message:
    await services.managers.check(user)
    await services.waves.resume()
    return notices.resumed(services.desk.next_opening())


async def note(services: Services, user: str, rest: str) -> Message:
    await services.managers.check(user)
    text = rest.strip().strip('"“”„').strip()
    if not text:
        raise BadRequest(_('Please say what to note: /pulse note "new intake form".'))
    return notices.note_kept((await services.desk.note(text)).text)


MANAGING: Mapping[str, Managing] = {
    "open": open_wave,
    "close": close_wave,
    "skip": skip,
    "pause": pause,
    "resume": resume,
    "note": note,
}
