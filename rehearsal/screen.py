"""The endpoints of the rehearsal's page: what each person sees, and what people do.

They serve only this machine and only the page itself: the Host header must be local (DNS rebinding), and
actions must be JSON from the same origin.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from rehearsal.crowd import let_answer
from rehearsal.driver import Actor, NotAnswered, NotPossible
from rehearsal.installation import Installation
from rehearsal.objects import BOT_USER, Channel, File, Json, Message, Person, View
from rehearsal.population import sides_of

STATIC = Path(__file__).resolve().parent / "page"
LOCAL = ("127.0.0.1", "localhost")
POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
SHOWN_MESSAGES = 300
INVITE = "/invite"


class Page:
    """The page's endpoints, a method each."""

    def __init__(self, app: Installation) -> None:
        self.app = app
        self._closing = asyncio.Event()
        # A command typed while the crowd answers could close the pulse before it has finished.
        self._turn = asyncio.Lock()
        self._deeds: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "command": self._command,
            "join": self._join,
            "leave": self._leave,
            "action": self._action,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
            "options": self._options,
            "say": self._say,
            "crowd": self._crowd,
            "clock": self._clock,
            "read": self._read,
        }

    def add_routes(self, app: web.Application) -> None:
        """Adds the page and its endpoints."""
        app.router.add_get("/rehearsal/state", self._state)
        app.router.add_get("/rehearsal/events", self._events)
        app.router.add_get("/rehearsal/files/{name}", self._file)
        app.router.add_post("/rehearsal/{deed}", self._do)
        app.router.add_get("/{path:.*}", self._static)

    def close(self) -> None:
        """Ends the event streams."""
        self._closing.set()
        self.app.workspace.stir()

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuses what does not come from this machine, or not from the page."""
        host = request.headers.get("Host", "")
        if host.rpartition(":")[0] not in LOCAL and host not in LOCAL:
            return web.Response(status=403, text="This server answers only on 127.0.0.1.")
        if request.path.startswith("/rehearsal/") and request.method != "GET":
            origin = request.headers.get("Origin")
            if origin is not None and origin != f"http://{host}":
                return web.Response(status=403, text="Only the rehearsal page may do this.")
            if request.content_type != "application/json":
                return web.Response(status=415, text="Send JSON.")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    async def _static(self, request: web.Request) -> web.StreamResponse:
        path = (STATIC / (request.match_info["path"] or "index.html")).resolve()
        if not path.is_relative_to(STATIC) or not path.is_file():
            return web.Response(status=404, text="There is no such page.")
        kind = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
        content_type = kind.get(path.suffix) or mimetypes.guess_type(path.name)[0]
        body = await asyncio.to_thread(path.read_bytes)
        return web.Response(body=body, content_type=content_type, charset="utf-8")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self.app.workspace.files.get(request.match_info["name"].partition(".")[0])
        if file is None or file.data is None:
            return web.Response(status=404, text="There is no such file.")
        if file.size is not None:
            return web.Response(body=file.data, content_type="image/png")
        # Only ever saved, never shown: the page's own origin must not run what an app uploads.
        return web.Response(body=file.data, headers={"Content-Disposition": "attachment"})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        workspace, seen = self.app.workspace, -1
        try:
            while not self._closing.is_set():
                if workspace.revision != seen:
                    seen = workspace.revision
                    await response.write(f"event: changed\ndata: {seen}\n\n".encode())
                else:
                    await workspace.next_change()
        except ConnectionResetError:
            # The page is closed.
            return response
        return response

    # What somebody sees

    async def _state(self, request: web.Request) -> web.StreamResponse:
        workspace = self.app.workspace
        wanted = request.query.get("as", "")
        people = [p for p in workspace.people.values() if not p.is_bot]
        me = workspace.people.get(wanted) or next((p for p in people if p.is_admin), people[0])
        home = workspace.homes.get(me.id)
        state = {
            "revision": workspace.revision,
            "now": workspace.clock().isoformat(),
            "me": self._person(me),
            "people": [self._person(p) for p in workspace.people.values()],
            "channels": [self._channel(c, me) for c in self._places(me)],
            "home": {"id": home.id, "blocks": home.blocks} if home else None,
            "modals": [view.as_view() for view in workspace.modals(me.id)],
            "toasts": workspace.toasts.get(me.id, []),
            "notice": self.app.notice,
        }
        return web.json_response(state)

    def _places(self, me: Person) -> list[Channel]:
        workspace = self.app.workspace
        workspace.im(me.id)
        return [c for c in workspace.channels.values() if workspace.may_see(me.id, c)]

    def _person(self, person: Person) -> Json:
        return {
            "id": person.id,
            "name": person.name,
            "real_name": person.real_name,
            "sides": sides_of(self.app.workspace, person.id),
            "roles": person.roles,
            "is_bot": person.is_bot,
            "guest": person.guest,
        }

    def _channel(self, channel: Channel, me: Person) -> Json:
        workspace = self.app.workspace
        seen = workspace.sees(me.id, channel.id) if not channel.is_im else channel.messages
        read = workspace.read.get((me.id, channel.id), "0")
        return {
            "id": channel.id,
            "name": workspace.people[BOT_USER].real_name if channel.is_im else channel.name,
            "is_private": channel.is_private,
            "is_im": channel.is_im,
            "member": me.id in channel.members,
            "bot_is_member": BOT_USER in channel.members,
            "archived": channel.archived,
            "unread": sum(float(m.ts) > float(read) and m.author != me.id for m in seen),
            "messages": [self._message(m) for m in seen[-SHOWN_MESSAGES:]],
        }

    def _message(self, message: Message) -> Json:
        workspace = self.app.workspace
        author = workspace.people[message.author]
        files = [workspace.files[file_id] for file_id in message.files]
        return {
            "ts": message.ts,
            "from": {"id": author.id, "name": author.real_name, "is_bot": author.is_bot},
            "text": message.text,
            "blocks": message.blocks,
            "private": message.private_to is not None,
            "edited": message.edited is not None,
            "files": [_file_entry(file) for file in files],
        }

    # What somebody does

    async def _do(self, request: web.Request) -> web.StreamResponse:
        deed = self._deeds.get(request.match_info["deed"])
        if deed is None:
            return web.Response(status=404, text="There is no such deed.")
        try:
            asked = json.loads(await request.text())
            answer = await deed(asked)
        except NotAnswered:
            # A toast has told the person.
            return web.json_response({"ok": True})
        except NotPossible as refusal:
            return web.json_response({"ok": False, "error": str(refusal)})
        except (KeyError, LookupError, TypeError, ValueError) as error:
            return web.json_response({"ok": False, "error": f"Not understood: {error}"}, status=400)
        return web.json_response({"ok": True, **answer})

    def _actor(self, asked: Json) -> Actor:
        return Actor(self.app, self.app.workspace.person(asked["as"]))

    async def _command(self, asked: Json) -> Json:
        actor, channel, text = self._actor(asked), asked["channel"], asked["text"].strip()
        if text.split(maxsplit=1)[0] == INVITE:
            self._invite(actor, channel, text.removeprefix(INVITE).strip())
        else:
            async with self._turn:
                await actor.command(text, channel)
        return {}

    def _invite(self, actor: Actor, channel: str, name: str) -> None:
        """Slack's own command: a member brings the app, or somebody else, into a channel."""
        workspace = self.app.workspace
        place, wanted = workspace.channel(channel), name.removeprefix("@").casefold()
        if actor.id not in place.members:
            raise NotPossible(f"Join #{place.name} to invite anybody there.")
        found = [
            p for p in workspace.people.values() if wanted in (p.name.casefold(), p.real_name.casefold())
        ]
        if not found:
            app = workspace.people[BOT_USER].real_name
            raise NotPossible(f"Nobody is called {name}. Invite the app with {INVITE} @{app}")
        known = found[0].id in place.members
        workspace.join(channel, found[0].id)
        state = "is in" if known else "has joined"
        workspace.toast(actor.id, f"{found[0].real_name} {state} #{place.name}.")

    async def _join(self, asked: Json) -> Json:
        actor, place = self._actor(asked), self.app.workspace.channel(asked["channel"])
        if place.archived or not self.app.workspace.may_see(actor.id, place):
            raise NotPossible("Nobody can join this channel by themselves.")
        self.app.workspace.join(place.id, actor.id)
        return {}

    async def _leave(self, asked: Json) -> Json:
        actor, place = self._actor(asked), self.app.workspace.channel(asked["channel"])
        if place.is_im:
            raise NotPossible("A conversation with the app cannot be left.")
        self.app.workspace.leave(place.id, actor.id)
        return {}

    def _where(self, actor: Actor, asked: Json) -> Message | View:
        if asked.get("home"):
            found: Message | View | None = actor.home
        elif asked.get("view_id"):
            found = self._view(actor, asked["view_id"])
        else:
            found = self.app.workspace.message(asked["channel"], asked["message_ts"])
        if found is None:
            raise NotPossible("This is no longer there.")
        return found

    def _view(self, actor: Actor, view_id: str) -> View:
        view = self.app.workspace.views.get(view_id)
        if view is None or view.person != actor.id:
            raise NotPossible("This form is no longer open.")
        return view

    async def _action(self, asked: Json) -> Json:
        actor = self._actor(asked)
        where = self._where(actor, asked)
        answer = {
            key: value
            for key, value in asked.items()
            if key.startswith("selected_") or key in ("value", "rich_text_value")
        }
        await actor.act(
            where, asked["block_id"], asked["action_id"], answer, _known(where, asked.get("state"))
        )
        return {}

    async def _submit(self, asked: Json) -> Json:
        actor = self._actor(asked)
        view = self._view(actor, asked["view_id"])
        ack = await actor.submit(view, _known(view, asked.get("values")))
        return {"errors": ack.errors} if ack.errors else {}

    async def _close(self, asked: Json) -> Json:
        actor = self._actor(asked)
        await actor.close_modal(self._view(actor, asked["view_id"]))
        return {}

    async def _home(self, asked: Json) -> Json:
        await self._actor(asked).open_home()
        return {}

    async def _options(self, asked: Json) -> Json:
        actor = self._actor(asked)
        view = self._view(actor, asked["view_id"])
        found = await actor.options(view, asked["block_id"], asked["action_id"], asked["query"])
        return {"options": found}

    async def _say(self, asked: Json) -> Json:
        self._actor(asked).say(asked["channel"], asked["text"])
        return {}

    async def _read(self, asked: Json) -> Json:
        seen = self._actor(asked).sees(asked["channel"])
        if seen:
            self.app.workspace.read[asked["as"], asked["channel"]] = seen[-1].ts
        return {}

    async def _crowd(self, asked: Json) -> Json:
        mood = {str(side): float(value) for side, value in (asked.get("mood") or {}).items()}
        share, besides = float(asked.get("share", 0.8)), str(asked.get("as", ""))
        async with self._turn:
            answered = await let_answer(self.app, share=share, mood=mood, besides=besides)
        return {"answered": answered}

    async def _clock(self, asked: Json) -> Json:
        if self.app.on_next is None:
            raise NotPossible("This app has no next moment.")
        async with self._turn:
            said = await self.app.on_next()
        self.app.workspace.changed()
        return {"said": said, "now": self.app.workspace.clock().isoformat()}


def _file_entry(file: File) -> Json:
    """What the page needs of a file; `download` is the name of one that is not a picture."""
    picture = file.size is not None
    return {
        "id": file.id,
        "url": f"/rehearsal/files/{file.id}" + (".png" if picture else ""),
        "alt": file.alt,
        "title": file.title,
        "download": None if picture else file.name,
    }


def _known(where: Message | View, values: Any) -> Json:
    """The values that the page sent, without fields that the form has lost meanwhile."""
    ids = {block["block_id"] for block in where.blocks}
    return {key: value for key, value in (values or {}).items() if key in ids}
