"""A rehearsal without a browser: plays a script of what people do, and writes down what they see.

A script is text, one action per line; `#` begins a comment.

    Ines in #marketing            who acts from here on, and where
    /pulse open                   a command
    hello everybody               a message to the channel (any line that is not one of the others)
    press Agree                   the newest button of that label, value or action_id that Ines sees;
    press Agree in :T01           in the block whose block_id ends so, if several match
    fill zone = Europe/Berlin     a field of the open form, by block_id; several choices with commas
    submit                        sends the form; `cancel` closes it
    home                          opens the Home tab
    wait Results                  waits until some message that Ines sees has these words
    crowd 0.8 marketing=0.6 it=0.4    lets that share of the others answer, in that mood

Channels in `fill` are written with #, people with @.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rehearsal.blockkit import elements_of
from rehearsal.crowd import let_answer
from rehearsal.driver import Actor, NotAnswered, NotPossible
from rehearsal.installation import Installation
from rehearsal.objects import BOT_USER, Json, Message, View
from rehearsal.payloads import options_of

T = TypeVar("T")

QUIET_SECONDS = 0.3
PATIENCE_SECONDS = 60.0


class BadLine(Exception):
    """A line of a script that cannot be played: says which, and why."""


@dataclass
class Play:
    """Plays a script on a server and writes lines with `say`. Messages appear once they no longer change."""

    app: Installation
    say: Callable[[str], None]
    actor: Actor | None = None
    place: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)

    async def play(self, lines: Iterable[str]) -> None:
        """Plays all lines. Raises BadLine."""
        for number, raw in enumerate(lines, 1):
            line = raw.strip()
            if not line or line.startswith("#"):
                continue
            try:
                await self._line(line)
            except (NotPossible, NotAnswered, LookupError, ValueError) as error:
                raise BadLine(f"line {number}, “{line}”: {error}") from error
            await self.rest()
            self.show()

    async def _line(self, line: str) -> None:
        found = re.fullmatch(r"(\w+) in #?([\w-]+)", line)
        if found:
            self._enter(found[1], found[2])
            return
        word, _, rest = line.partition(" ")
        deed = self._deeds().get(word)
        self.say(f"> {self._name()}: {line}")
        if deed is not None:
            await deed(rest.strip())
        elif line.startswith("/"):
            await self._who().command(line, self.place)
        else:
            self._who().say(self.place, line)

    def _deeds(self) -> dict[str, Callable[[str], Awaitable[None]]]:
        return {
            "press": self._press,
            "fill": self._fill,
            "submit": self._submit,
            "cancel": self._cancel,
            "home": self._home,
            "wait": self._wait,
            "crowd": self._crowd,
        }

    def _enter(self, name: str, place: str) -> None:
        self.actor = Actor(self.app, self.app.workspace.person(name.lower()))
        self.place = self.app.workspace.channel(place).id
        self.fields = {}

    def _who(self) -> Actor:
        if self.actor is None:
            raise NotPossible("begin with a line like: Ines in #marketing")
        return self.actor

    def _name(self) -> str:
        return self.actor.person.real_name if self.actor else "nobody"

    async def _press(self, what: str) -> None:
        label, _, block = what.partition(" in ")
        who = self._who()
        where, block_id = await self._soon(lambda: self._find(who, label, block), f"no “{what}” to press")
        await who.tap(where, label, block=block_id, values=self._values(where))

    async def _soon(self, find: Callable[[], T | None], missing: str) -> T:
        """What `find` finds, now or in a moment: apps keep working after an acknowledgement."""
        try:
            return await self.app.workspace.until(find, timeout=PATIENCE_SECONDS)
        except TimeoutError:
            raise NotPossible(f"there is {missing}") from None

    def _find(self, who: Actor, label: str, block: str) -> tuple[Message | View, str] | None:
        places: list[Message | View | None] = [who.modal, *reversed(who.sees(self.place)), who.home]
        for where in places:
            for each in where.blocks if where else []:
                names = [_names(element) for element in elements_of(each)]
                if where and each["block_id"].endswith(block) and any(label in name for name in names):
                    return where, each["block_id"]
        return None

    def _values(self, where: Message | View) -> Json:
        ids = {block["block_id"] for block in where.blocks}
        return {name: value for name, value in self.fields.items() if name in ids}

    async def _fill(self, what: str) -> None:
        name, _, value = (part.strip() for part in what.partition("="))
        form, element = await self._soon(lambda: self._field(name), f"no field {name} open")
        parts: list[Any] = [self._id(part.strip()) for part in value.split(",")]
        if element["type"].endswith("external_select"):
            parts = [await self._offered(form, name, element["action_id"], part) for part in parts]
        is_many = element["type"].startswith("multi_") or element["type"] == "checkboxes"
        self.fields[name] = parts if is_many else self._single(element, value, parts)

    def _field(self, name: str) -> tuple[View, Json] | None:
        form = self._who().modal
        block = next((b for b in form.blocks if b["block_id"] == name), None) if form else None
        return (form, elements_of(block)[0]) if form and block else None

    def _single(self, element: Json, value: str, parts: list[Any]) -> Any:
        if element["type"].endswith("_input"):
            return value
        labels = {option["text"]["text"]: option["value"] for option in options_of(element)}
        return labels.get(value, parts[0])

    def _id(self, part: str) -> str:
        if part.startswith("#"):
            return self.app.workspace.channel(part).id
        return self.app.workspace.person(part[1:].lower()).id if part.startswith("@") else part

    async def _offered(self, form: View, block_id: str, action_id: str, query: str) -> Json:
        found = await self._who().options(form, block_id, action_id, query)
        if not found:
            raise NotPossible(f"nothing is offered for {query}")
        return next(
            (option for option in found if query in (option["value"], option["text"]["text"])), found[0]
        )

    async def _submit(self, _: str) -> None:
        ack = await self._who().submit(values=self.fields)
        for name, sentence in ack.errors.items():
            self.say(f"  {name}: {sentence}")
        if not ack.errors:
            self.fields = {}

    async def _cancel(self, _: str) -> None:
        await self._who().close_modal()
        self.fields = {}

    async def _home(self, _: str) -> None:
        await self._who().open_home()

    async def _wait(self, words: str) -> None:
        who = self._who()

        def is_there() -> bool:
            return any(words in m.text for channel in self.app.workspace.channels for m in who.sees(channel))

        await self._soon(is_there, f"no message with “{words}”")

    async def _crowd(self, what: str) -> None:
        share, *moods = what.split() or ["0.8"]
        mood = {side: float(value) for side, _, value in (each.partition("=") for each in moods)}
        answered = await let_answer(self.app, share=float(share), mood=mood)
        self.say(f"  {answered} people answered")

    async def rest(self) -> None:
        """Waits until nothing has changed for a moment: apps keep working after an acknowledgement."""
        while True:
            try:
                await self.app.workspace.until(_changed_since(self.app), timeout=QUIET_SECONDS)
            except TimeoutError:
                return

    def show(self) -> None:
        """Writes down what is new for the person acting: messages, the top form, the Home tab, notices."""
        if self.actor is None:
            return
        for channel in self.app.workspace.channels.values():
            if self.app.workspace.may_see(self.actor.id, channel):
                for message in self.app.workspace.sees(self.actor.id, channel.id):
                    self._show_message(channel.name, message)
        if self.actor.modal is not None:
            self._show_once(f"form {self.actor.modal.id}", "  [form]", self.actor.modal.blocks, "")
        if self.actor.home is not None:
            self._show_once(f"home {self.actor.id}", "  [home]", self.actor.home.blocks, "")
        for number, toast in enumerate(self.actor.toasts):
            self._show_once(f"toast {self.actor.id} {number}", "  [notice]", [], toast)

    def _show_message(self, channel: str, message: Message) -> None:
        if message.author != BOT_USER:
            return
        mark = " (only you)" if message.private_to else ""
        files = "".join(f"\n[image] {self.app.workspace.files[f].alt}" for f in message.files)
        head = f"  #{channel}{mark}"
        self._show_once(f"{message.channel} {message.ts}", head, message.blocks, message.text + files)

    def _show_once(self, key: str, head: str, blocks: list[Json], text: str) -> None:
        body = "\n".join(line for line in (text, *_controls(blocks, with_texts=not text)) if line)
        if self.shown.get(key) != body:
            self.shown[key] = body
            self.say(head)
            for line in self._readable(body).splitlines():
                self.say(f"    {line}")

    def _readable(self, text: str) -> str:
        """Text as people read it: names instead of ids, a date's fallback, characters instead of entities."""

        def name(found: re.Match[str]) -> str:
            sign, known = found[1], found[2]
            if sign == "@" and known in self.app.workspace.people:
                return f"@{self.app.workspace.people[known].name}"
            if sign == "#" and known in self.app.workspace.channels:
                return f"#{self.app.workspace.channels[known].name}"
            return found[0]

        text = re.sub(r"<([@#])(\w+)(?:\|[^>]*)?>", name, text)
        text = re.sub(r"<!date\^[^|>]*\|([^>]*)>", r"\1", text)
        text = re.sub(r"<(?:https?://)[^|>]*\|([^>]*)>", r"\1", text)
        return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _changed_since(app: Installation) -> Callable[[], bool]:
    before = app.workspace.revision
    return lambda: app.workspace.revision != before


def _names(element: Json) -> tuple[str, ...]:
    label = element.get("text")
    shown = label["text"] if isinstance(label, dict) else ""
    return (element["action_id"], str(element.get("value", "")), shown)


def _controls(blocks: list[Json], *, with_texts: bool) -> list[str]:
    """The texts and the controls of blocks, one line per block."""
    lines = []
    for block in blocks:
        parts = _texts(block) if with_texts else []
        if block["type"] == "image":
            parts.append(f"[image] {block['alt_text']}")
        names = [f"[{_names(element)[2] or block['block_id']}]" for element in elements_of(block)]
        line = " ".join([*parts, *names])
        if line:
            lines.append(line)
    return lines


def _texts(block: Json) -> list[str]:
    found = [block.get("text"), block.get("label"), *(block.get("fields") or [])]
    if block["type"] == "context":
        found += block["elements"]
    return [part["text"] for part in found if isinstance(part, dict) and "text" in part]
