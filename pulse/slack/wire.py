"""HTTP and WebSockets to Slack: every failure of a network, a proxy or Slack becomes a SlackFault.

The one place that maps failures. Slack responds with a JSON object; load balancers, proxies and captive
portals respond with text, HTML, a list, or bytes that are not text, under any status and any type. Only what
a response says counts: `"ok": true` is done, an error word under `"ok": false` is a refusal, and after
anything else nobody knows whether the call was applied.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import aiohttp

from pulse.core.errors import SlackFault
from pulse.core.language import N_, _
from pulse.slack.network import Network

Json = dict[str, Any]

TIMEOUT_S = 20

JSON = "application/json; charset=utf-8"
FORM = "application/x-www-form-urlencoded"

RATELIMITED = "ratelimited"
INVALID_BLOCKS = "invalid_blocks"

LIMITS = frozenset({RATELIMITED, "rate_limited"})
"""Slack's words for too many calls: under status 429, and, for some methods, in a response of status 200."""

TROUBLE = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"}
)
"""Error words for trouble of Slack's own, which passes by itself."""

LONGEST_WAIT_S = 30.0
"""A call that Slack puts off for longer than this is given up: its caller tries again later."""

LONGEST_RETRY_S = 300.0
"""Slack's rates are per minute: a wait of more than five minutes is shortened to this."""

UNTOLD_RETRY_S = 1.0

FIXES = {
    "not_in_channel": N_("The bot is not in that channel. Invite it there with /invite."),
    "channel_not_found": N_(
        "The bot cannot see that channel. If it is private, invite the bot with /invite."
    ),
    "is_archived": N_("That channel is archived. Unarchive it, or choose another with /pulse setup."),
    "missing_scope": N_("The app lacks a permission. Paste the current manifest.yml and reinstall the app."),
    "invalid_auth": N_("Slack does not accept the bot's token. Reinstall the app and set the new token."),
    "token_revoked": N_("The bot's token was revoked. Reinstall the app and set the new token."),
    "token_expired": N_("The bot's token has expired. Reinstall the app and set the new token."),
    "not_authed": N_("No bot token was sent. Set SLACK_BOT_TOKEN to the token that begins with xoxb-."),
    "not_allowed_token_type": N_(
        "That is not a bot token. Set SLACK_BOT_TOKEN to the token that begins with xoxb-."
    ),
    "account_inactive": N_("The app was removed from the workspace. Reinstall it and set the new token."),
    "restricted_action": N_("A rule of the workspace keeps the bot from posting there. Ask an admin."),
    RATELIMITED: N_("Slack asked the bot to slow down. It tries again by itself."),
    "user_not_found": N_("Slack does not know that person."),
    "user_not_visible": N_("Slack does not show that person to the bot."),
    "user_disabled": N_("That person's account is deactivated, so Slack delivers nothing to it."),
    "expired_trigger_id": N_("Slack waited too long for me and did not open the window. Please try again."),
    "exchanged_trigger_id": N_("Slack has opened a window for that tap already. Please try again."),
    "file_uploads_disabled": N_("Files are switched off in this workspace. An admin can allow them."),
    "file_uploads_except_images_disabled": N_(
        "Only pictures may be uploaded in this workspace. An admin can allow other files."
    ),
    "storage_limit_reached": N_("The workspace has no room for more files. An admin can make room."),
    "cannot_dm_bot": N_("Slack delivers no direct messages to apps."),
    "messages_tab_disabled": N_(
        "The app takes no direct messages. Paste the current manifest.yml and reinstall the app."
    ),
}
"""What to do about Slack's commonest refusals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a call is tried again: after rate limits, when Slack did nothing, and after other trouble."""

    limits: int = 0
    trouble: int = 0


IDEMPOTENT = Retries(limits=3, trouble=3)
BRIEFLY = Retries(limits=3, trouble=1)
"""For calls that somebody waits for: a form's ack is due within 3 s."""
ONLY_UNDONE = Retries(limits=3)
"""For posts: after anything but a rate limit the message may have been posted."""
NEVER = Retries()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response over HTTP, not yet interpreted."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Connections to Slack. Raises SettingsFault for certificates that cannot be read.

    `jitter()` gives a float from 0 to 1.
    """

    def __init__(self, network: Network, jitter: Callable[[], float] = random.random) -> None:
        self.network = network
        self._jitter = jitter
        self._trust = network.trust()
        self._kept: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._kept is not None:
            await self._kept.close()

    def _session(self) -> aiohttp.ClientSession:
        """Connections that stay open: in a storm of answers, opening them was more than half of the work."""
        if self._kept is None or self._kept.closed:
            self._kept = _opened()
        return self._kept

    async def call(
        self, url: str, token: str, payload: Mapping[str, Any] | None, tries: Retries
    ) -> tuple[Json, Mapping[str, str]]:
        """Calls a Web API method until it is done or the tries are used up; returns the JSON and the headers.

        Slack takes JSON for methods that write; methods that read want form fields. Raises SlackFault.
        """
        limited = troubled = 0
        while True:
            try:
                return await self._call_once(url, token, payload)
            except SlackFault as fault:
                if fault.certain and fault.code != RATELIMITED:
                    raise
                limited += fault.certain
                troubled += not fault.certain
                if limited > tries.limits or troubled > tries.trouble or fault.wait > LONGEST_WAIT_S:
                    raise
                pause = fault.wait if fault.certain else 0.1 * 2**troubled
            await asyncio.sleep(pause * (1 + 0.2 * self._jitter()))

    async def _call_once(
        self, url: str, token: str, payload: Mapping[str, Any] | None
    ) -> tuple[Json, Mapping[str, str]]:
        method = url.rpartition("/")[2]
        if payload and (method.startswith(("chat.", "views.")) or method == "files.completeUploadExternal"):
            kind, body = JSON, json.dumps(payload)
        else:
            kind, body = FORM, urlencode({name: _field(value) for name, value in (payload or {}).items()})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        # A connection of its own: one kept open, which Slack has just closed, would leave a post in doubt.
        async with _opened() as session:
            answer = await self._send(session, url, data=body.encode(), headers=headers)
        return read_call(answer, method), answer.headers

    async def upload(self, url: str, content: bytes) -> None:
        """Sends the bytes of a file to the address that Slack gave for it. Raises SlackFault."""
        async with _opened() as session:
            answer = await self._send(session, url, data=content, headers={})
        if answer.status != HTTPStatus.OK:
            raise SlackFault(_("Slack did not take the picture."), "", certain=True)

    async def respond(self, url: str, said: Mapping[str, Any]) -> Answer:
        """Sends a reply to a response_url. Raises SlackFault if it cannot be reached."""
        return await self._send(
            self._session(), url, data=json.dumps(said).encode(), headers={"Content-Type": JSON}
        )

    async def connect(self, url: object) -> aiohttp.ClientWebSocketResponse:
        """Opens a WebSocket that its reader keeps alive and closes. Raises SlackFault."""
        if not isinstance(url, str) or not url.startswith(("ws://", "wss://")):
            raise unreadable()
        try:
            return await self._session().ws_connect(
                url, autoping=False, autoclose=False, proxy=self.network.proxy(url), ssl=self._trust
            )
        except Exception as error:
            raise unreachable(error) from error

    async def _send(
        self, session: aiohttp.ClientSession, url: str, *, data: Any, headers: Mapping[str, str]
    ) -> Answer:
        try:
            async with session.post(
                url,
                data=data,
                headers=headers,
                proxy=self.network.proxy(url),
                ssl=self._trust,
                # Slack's own addresses never redirect: one that does is a portal, and gets no token.
                allow_redirects=False,
            ) as answer:
                return Answer(status=answer.status, headers=answer.headers, body=await answer.read())
        except Exception as error:
            # aiohttp raises its own errors, OSError, ValueError for addresses, and RuntimeError once closed.
            raise unreachable(error) from error


def _opened() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), cookie_jar=aiohttp.DummyCookieJar()
    )


def read_call(answer: Answer, method: str) -> Json:
    """The JSON object of a call that was done. Raises SlackFault for everything else."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise refusal(method, RATELIMITED, retry_after(answer.headers))
    try:
        found = _parsed(answer.body)
    except (ValueError, RecursionError) as error:
        raise _odd(answer) from error
    if not isinstance(found, dict):
        raise _odd(answer)
    if found.get("ok") is True and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return found
    code = found.get("error")
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or not isinstance(code, str) or not code:
        raise _odd(answer)
    if code in TROUBLE:
        raise SlackFault(
            _("Slack has trouble of its own just now ({code}).").format(code=code) + " " + _tries_again(),
            code,
            certain=False,
        )
    if code in LIMITS:
        raise refusal(method, RATELIMITED, retry_after(answer.headers))
    raise refusal(method, code)


def _parsed(body: bytes) -> object:
    """The JSON of a response, without lone surrogates: they can neither be stored nor sent."""
    found = json.loads(body.decode("utf-8"))
    if b"\\ud" not in body.lower():
        return found
    return json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))


def is_taken(status: int, body: str) -> bool:
    """Whether Slack took what was sent to a response_url: it replies "ok", or an object that is ok.

    A portal's page under status 200 does not count.
    """
    if status != HTTPStatus.OK or body.strip().lower() == "ok":
        return status == HTTPStatus.OK
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("ok") is True


def refusal(method: str, code: str, wait: float = 0.0) -> SlackFault:
    """Slack's refusal of a call in words."""
    fix = FIXES.get(code)
    sentence = _(fix) if fix else _("Slack refused {method}: {code}.").format(method=method, code=code)
    return SlackFault(sentence, code, certain=True, wait=wait)


def _odd(answer: Answer) -> SlackFault:
    """The fault for a response that is not one of Slack's."""
    if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return _out_of_reach(_proxy_asks())
    return SlackFault(
        _("What answered was not Slack, or Slack has trouble of its own (HTTP {status}, {kind}).").format(
            status=answer.status, kind=_kind(answer)
        )
        + " "
        + _tries_again(),
        "",
        certain=False,
    )


def _kind(answer: Answer) -> str:
    """A response's content type, if it looks like one: a stranger could write anything there."""
    told = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return told if told.replace("/", "").replace("-", "").replace("+", "").isalnum() else _("no type")


def unreadable() -> SlackFault:
    """The fault for a response that is ok but incomplete: nobody knows whether the call was applied."""
    return SlackFault(
        _("Slack's answer lacked what it should have.") + " " + _tries_again(), "", certain=False
    )


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that a response asks to wait, in a number or a date (RFC 9110, 10.2.3). Never raises."""
    told = headers.get("Retry-After", "").strip()
    seconds = UNTOLD_RETRY_S
    try:
        seconds = float(told)
    except ValueError:
        date = http_date(told)
        if date is not None:
            seconds = (date - (http_date(headers.get("Date", "")) or datetime.now(UTC))).total_seconds()
    if math.isnan(seconds):
        return UNTOLD_RETRY_S
    return min(max(seconds, 0.0), LONGEST_RETRY_S)


def http_date(text: str) -> datetime | None:
    """An HTTP date, with its time zone; None for anything else."""
    with suppress(ValueError, OverflowError):
        found = parsedate_to_datetime(text)
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return None


def unreachable(error: Exception) -> SlackFault:
    """The fault for a failed attempt to reach Slack, in words that name the cause."""
    return _out_of_reach(_cause(error))


def _out_of_reach(why: str) -> SlackFault:
    sentence = _("Slack could not be reached: {why}.").format(why=why)
    return SlackFault(f"{sentence} {_tries_again()}", "", certain=False)


def _cause(error: Exception) -> str:
    """The cause, without the address: whoever has that could open a socket or reply for the bot."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            why = _certificate(error.certificate_error)
        case aiohttp.ClientHttpProxyError() | aiohttp.WSServerHandshakeError():
            why = _refused(error.status)
        case aiohttp.ClientProxyConnectionError():
            why = _("the proxy could not be reached ({why})").format(why=_said(error.os_error))
        case aiohttp.ClientConnectorDNSError():
            why = _("its name could not be looked up ({why})").format(why=_said(error.os_error))
        case TimeoutError():
            why = _("there was no answer in time")
        case _:
            why = _said(error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error)
    return why


def _said(error: BaseException) -> str:
    """The system's own words for its error, which are in English."""
    words = getattr(error, "strerror", None) or getattr(error, "reason", None)
    return str(words or type(error).__name__)


def _certificate(error: BaseException) -> str:
    why = getattr(error, "verify_message", "") or type(error).__name__
    return _(
        "the certificate that was shown is not trusted here ({why}); if a proxy inspects the traffic, set"
        " SSL_CERT_FILE to a file with its certificate"
    ).format(why=why)


def _refused(status: int) -> str:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return _proxy_asks()
    return _("the connection was refused (HTTP {status})").format(status=status)


def _tries_again() -> str:
    return _("The bot tries again by itself.")


def _proxy_asks() -> str:
    return _("the proxy asks for a name and password, as in http://name:password@proxy.example:3128")


def _field(value: object) -> str:
    """A form field as Slack reads it."""
    return str(int(value)) if isinstance(value, bool) else str(value)
