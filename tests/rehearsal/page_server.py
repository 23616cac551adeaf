"""A rehearsal made of paper: serves the page and a state that the test wrote; notes what the page asks."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientConnectionResetError, web
from PIL import Image

import rehearsal

PAGE = Path(rehearsal.__file__).parent / "page"
NOON = 1_790_000_400  # Mon 21 Sep 2026, 14:20 UTC
Json = dict[str, Any]


def person(id_: str, name: str, *sides: str, roles: tuple[str, ...] = (), guest: bool = False) -> Json:
    return {
        "id": id_,
        "name": name.split(maxsplit=1)[0].lower(),
        "real_name": name,
        "sides": list(sides),
        "roles": list(roles),
        "is_bot": False,
        "guest": guest,
    }


PEOPLE = [
    person("UADA", "Ada Marsh", "marketing", roles=("admin",)),
    person("UBEN", "Ben Okoro", "marketing"),
    person("UCLEO", "Cleo Lind", "it"),
    person("UDEV", "Dev Rao", "marketing", "it"),
    person("UGUS", "Gus Hale", "marketing", guest=True),
    {**person("UBOT", "Pulse"), "name": "Pulse", "is_bot": True},
]


def message(n: int, text: str, by: str = "UBEN", **more: Any) -> Json:
    """The `n`th message after noon, a minute apart."""
    who = next(one for one in PEOPLE if one["id"] == by)
    return {
        "ts": f"{NOON + 60 * n}.000100",
        "from": {"id": by, "name": who["name"], "is_bot": who["is_bot"]},
        "text": text,
        "blocks": [],
        "private": False,
        "edited": False,
        "files": [],
        **more,
    }


def channel(id_: str, name: str, *messages: Json, **more: Any) -> Json:
    return {
        "id": id_,
        "name": name,
        "is_private": False,
        "is_im": False,
        "member": True,
        "bot_is_member": True,
        "archived": False,
        "messages": list(messages),
        **more,
    }


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str, text: str | None = None) -> Json:
    return {"text": plain(text or value), "value": value}


class PaperRehearsal:
    """`channels`, `home`, `modals` and `toasts` are what the page is shown, `asked` what it asked, in order.

    `answers` maps what is asked (`submit`, `options`, ...) to a function from the request to the reply.
    """

    def __init__(self) -> None:
        self.channels: list[Json] = []
        self.home: Json | None = None
        self.modals: list[Json] = []
        self.toasts: list[str] = []
        self.notice = ""
        self.asked: list[tuple[str, Json]] = []
        self.answers: dict[str, Callable[[Json], Json]] = {}
        self.url = ""
        self._revision = 0
        self._listeners: set[asyncio.Queue[int | None]] = set()

    def state(self, as_: str) -> Json:
        me = next((one for one in PEOPLE if one["id"] == as_), PEOPLE[0])
        return {
            "revision": self._revision,
            "now": "2026-09-21T15:00:00+00:00",
            "me": me,
            "people": PEOPLE,
            "channels": [
                {**one, "messages": [m for m in one["messages"] if m.get("only") in (None, me["id"])]}
                for one in self.channels
            ],
            "home": self.home,
            "modals": self.modals,
            "toasts": self.toasts,
            "notice": self.notice,
        }

    def change(self) -> None:
        self._revision += 1
        for queue in self._listeners:
            queue.put_nowait(self._revision)

    def asked_for(self, what: str) -> list[Json]:
        return [body for name, body in self.asked if name == what]

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(self.state(request.query["as"]))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        queue: asyncio.Queue[int | None] = asyncio.Queue()
        queue.put_nowait(self._revision)
        self._listeners.add(queue)
        try:
            while (revision := await queue.get()) is not None:
                await response.write(f"event: changed\ndata: {revision}\n\n".encode())
        except ClientConnectionResetError:
            pass  # the page was closed meanwhile
        finally:
            self._listeners.discard(queue)
        return response

    async def _asked(self, request: web.Request) -> web.Response:
        what = request.match_info["what"]
        body = await request.json()
        self.asked.append((what, body))
        answer = self.answers.get(what, lambda _: {"ok": True})(body)
        return web.json_response(answer, status=answer.pop("status", 200))

    async def _file(self, _: web.Request) -> web.Response:
        png = io.BytesIO()
        Image.new("RGB", (600, 260), "#cfe3df").save(png, "PNG")
        return web.Response(body=png.getvalue(), content_type="image/png")

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[PaperRehearsal]:
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_get("/rehearsal/state", self._state)
        app.router.add_get("/rehearsal/events", self._events)
        app.router.add_get("/rehearsal/files/{name}", self._file)
        app.router.add_post("/rehearsal/{what}", self._asked)
        app.router.add_static("/", PAGE)
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/"
        try:
            yield self
        finally:
            for queue in self._listeners:
                queue.put_nowait(None)
            await runner.cleanup()


def every_block() -> list[Json]:
    """One of each block and element that the page must be able to show."""
    return [
        {"type": "header", "block_id": "header", "text": plain("How aligned are we?")},
        {
            "type": "section",
            "block_id": "marks",
            "text": {
                "type": "mrkdwn",
                "text": "*bold* _italic_ ~strike~ `code` snake_case_name 2 * 3 * 4 &lt;b&gt; &amp; :tada:\n"
                "&gt; quoted\n<https://example.com/a?b=1&amp;c=2|the study> <@UBEN> <#CMKT> <!here>\n"
                "```raw *text* <b>``` closes "
                f"<!date^{NOON}^{{date_short_pretty}} at {{time}}|21 Sep>, or "
                f"<!date^{NOON + 86400 * 20}^{{date_long}}|later>",
            },
        },
        {
            "type": "section",
            "block_id": "fields",
            "fields": [{"type": "mrkdwn", "text": "*Marketing*\nmost agree"}, plain("IT\nabout half agree")],
            "accessory": {"type": "button", "action_id": "details", "text": plain("Details"), "value": "d"},
        },
        {
            "type": "context",
            "block_id": "context",
            "elements": [
                {"type": "image", "image_url": "/rehearsal/files/F1.png", "alt_text": "logo"},
                {"type": "mrkdwn", "text": "Closes *Friday*"},
            ],
        },
        {"type": "divider", "block_id": "divider"},
        {
            "type": "actions",
            "block_id": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": "agree",
                    "text": plain("Agree"),
                    "style": "primary",
                    "value": "4",
                    "accessibility_label": "Agree: I trust the other side",
                },
                {
                    "type": "button",
                    "action_id": "withdraw",
                    "text": plain("Withdraw"),
                    "style": "danger",
                    "confirm": {
                        "title": plain("Withdraw your answers?"),
                        "text": plain("They are deleted at once."),
                        "confirm": plain("Withdraw them"),
                        "deny": plain("Keep them"),
                    },
                },
                {
                    "type": "button",
                    "action_id": "link",
                    "text": plain("Read more"),
                    "url": "https://example.com",
                },
                {
                    "type": "static_select",
                    "action_id": "item",
                    "placeholder": plain("Choose an item"),
                    "options": [option("T01", "Trust"), option("A02", "Collaboration")],
                },
                {
                    "type": "overflow",
                    "action_id": "more",
                    "options": [option("share", "Share"), option("hide", "Hide")],
                },
            ],
        },
        {
            "type": "image",
            "block_id": "image",
            "slack_file": {"id": "F1"},
            "alt_text": "Trust: 7 of 12 in marketing agree",
            "title": plain("Trust over twelve waves"),
        },
        {
            "type": "image",
            "block_id": "far",
            "image_url": "https://example.com/x.png",
            "alt_text": "elsewhere",
        },
        {
            "type": "rich_text",
            "block_id": "rich",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "rich ", "style": {"bold": True}},
                        {"type": "link", "url": "https://example.com", "text": "link"},
                        {"type": "emoji", "name": "wave"},
                        {"type": "user", "user_id": "UADA"},
                    ],
                },
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [
                        {"type": "rich_text_section", "elements": [{"type": "text", "text": "point"}]}
                    ],
                },
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "pre"}]},
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said"}]},
            ],
        },
        {
            "type": "table",
            "block_id": "table",
            "column_settings": [{"is_wrapped": True}, {"align": "right"}],
            "rows": [
                [{"type": "raw_text", "text": "Side"}, {"type": "raw_text", "text": "Answered"}],
                [
                    {"type": "raw_text", "text": "Marketing"},
                    {"type": "raw_number", "value": 12, "text": "12"},
                ],
            ],
        },
        {
            "type": "markdown",
            "block_id": "markdown",
            "text": "## Heading\n**strong** and *soft* with [a link](https://example.com)\n- one\n\n> cited",
        },
        {"type": "hologram", "block_id": "unknown"},
    ]


def every_input() -> list[Json]:
    """A modal's blocks with one of each element that can be filled in."""

    def field(block_id: str, element: Json, **more: Any) -> Json:
        return {
            "type": "input",
            "block_id": block_id,
            "label": plain(block_id.capitalize()),
            "element": {"action_id": "value", **element},
            **more,
        }

    options = [option("a", "Alpha"), option("b", "Beta"), option("c", "Gamma")]
    return [
        field("name", {"type": "plain_text_input", "max_length": 20}, hint=plain("As the team says it")),
        field(
            "story", {"type": "plain_text_input", "multiline": True, "initial_value": "Once"}, optional=True
        ),
        field(
            "waves", {"type": "number_input", "is_decimal_allowed": False, "min_value": "2", "max_value": "4"}
        ),
        field("at", {"type": "timepicker", "initial_time": "09:30"}),
        field("day", {"type": "datepicker", "initial_date": "2026-09-28"}),
        field("one", {"type": "static_select", "options": options, "initial_option": options[1]}),
        field("several", {"type": "multi_static_select", "options": options, "initial_options": options[:1]}),
        field("zone", {"type": "external_select", "min_query_length": 1}),
        field("results", {"type": "conversations_select", "filter": {"include": ["public"]}}, optional=True),
        field(
            "channels", {"type": "multi_conversations_select", "filter": {"include": ["public", "private"]}}
        ),
        field("open channel", {"type": "channels_select", "initial_channel": "CMKT"}),
        field("manager", {"type": "users_select", "initial_user": "UADA"}),
        field("managers", {"type": "multi_users_select", "initial_users": ["UADA"]}),
        field("often", {"type": "radio_buttons", "options": options[:2], "initial_option": options[0]}),
        field("rules", {"type": "checkboxes", "options": options[:2]}, optional=True),
    ]


def modal(blocks: list[Json], **more: Any) -> Json:
    return {
        "id": "V1",
        "type": "modal",
        "title": plain("Set up"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "blocks": blocks,
        **more,
    }


def seed() -> PaperRehearsal:
    """Two channels, a private one, a direct message: quiet, but for a poll."""
    paper = PaperRehearsal()
    poll = message(3, "A pulse: how aligned are we?", "UBOT", blocks=every_block())
    note = message(4, "Recorded: Agree. You can change it until Friday.", "UBOT", private=True, only="UADA")
    paper.channels = [
        channel(
            "CMKT", "marketing", message(1, "Morning all"), message(2, "Hello *Ben*", "UADA"), poll, note
        ),
        channel("CIT", "it", message(1, "Deploying at four", "UCLEO")),
        channel("CLEAD", "leadership", is_private=True, member=False, bot_is_member=False),
        channel("DBOT", "Pulse", message(0, "Hello, I ask short questions.", "UBOT"), is_im=True),
    ]
    return paper
