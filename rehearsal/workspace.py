"""The pretend workspace: people, channels, messages, views, files, and Slack's rules for them.

Nothing here knows the network or the app that is being rehearsed. `clock` gives the workspace's time
(message timestamps), `ticks` gives seconds for what expires (triggers, response_urls, file processing): a
rehearsal may jump its clock by a week while a person's trigger still lives three real seconds.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from rehearsal import blockkit
from rehearsal.objects import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    TEAM_ID,
    Channel,
    File,
    Json,
    Message,
    Person,
    Refusal,
    ResponseUrl,
    Trigger,
    View,
)

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60.0
RESPONSE_URL_CALLS = 5
VIEW_STACK = 3

T = TypeVar("T")


class Workspace:
    """All state, and the rules. Methods raise Refusal with Slack's own error names.

    One class, because the rules cross: a view is refused for a file, a response_url rewrites a message, and a
    trigger belongs to a view.
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ticks: Callable[[], float] = time.monotonic,
        app_name: str = "App",
    ) -> None:
        self.clock, self.ticks = clock, ticks
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.toasts: dict[str, list[str]] = {}
        self.read: dict[tuple[str, str], str] = {}
        self.on_event: list[Callable[[Json], None]] = []
        self.revision = 0
        self.file_seconds = 0.05
        self.charts_enabled = True
        self._count = 0
        self._last_ts = 0
        self._waiting: list[asyncio.Future[None]] = []
        self.add_person(Person(BOT_USER, app_name.lower().replace(" ", "-"), app_name, is_bot=True))

    # Waiting for something to happen

    def changed(self) -> None:
        """Announces a change that a person could see."""
        self.revision += 1
        self.stir()

    def stir(self) -> None:
        """Wakes everybody who waits in `until`, whether or not anything visible has changed."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def next_change(self) -> None:
        """Returns at the next change."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    async def until(self, predicate: Callable[[], T | None], timeout: float = 5.0) -> T:  # noqa: ASYNC109 - each caller sets its own bound
        """Waits until `predicate` is true and returns its value; TimeoutError after `timeout` seconds.

        The predicate is checked at each change, so nothing sleeps or polls.
        """
        async with asyncio.timeout(timeout):
            while not (found := predicate()):
                await self.next_change()
        return found

    def _id(self, letter: str) -> str:
        self._count += 1
        return f"{letter}0{self._count:08d}"

    def _ts(self) -> str:
        self._last_ts = max(self._last_ts + 1, int(self.clock().timestamp() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def _announce(self, event: Json) -> None:
        for listener in self.on_event:
            listener({**event, "event_ts": self._ts()})

    # People and channels

    def add_person(self, person: Person) -> Person:
        """Adds somebody to the workspace."""
        self.people[person.id] = person
        self.changed()
        return person

    def add_channel(self, name: str, members: list[str], **more: Any) -> Channel:
        """Creates a channel: `is_private` and `archived` may be given."""
        channel = Channel(self._id("C"), name, members=list(members), created=int(self._now()), **more)
        self.channels[channel.id] = channel
        self.changed()
        return channel

    def _now(self) -> float:
        return self.clock().timestamp()

    def person(self, id_or_name: str) -> Person:
        """Somebody by id or name; LookupError if there is nobody."""
        if id_or_name in self.people:
            return self.people[id_or_name]
        return next((p for p in self.people.values() if p.name == id_or_name), None) or self._none(id_or_name)

    def _none(self, what: str) -> Any:
        raise LookupError(f"there is no {what} in this workspace")

    def channel(self, id_or_name: str) -> Channel:
        """A channel by id or name; LookupError if there is none."""
        found = self.channels.get(id_or_name)
        name = id_or_name.removeprefix("#")
        found = found or next((c for c in self.channels.values() if c.name == name and not c.is_im), None)
        return found or self._none(id_or_name)

    def known_channel(self, channel: str) -> Channel:
        """A channel that the app can see; else refuses with channel_not_found."""
        found = self.channels.get(channel)
        if found is None or (found.is_private and BOT_USER not in found.members):
            raise Refusal("channel_not_found")
        return found

    def im(self, person: str) -> Channel:
        """The direct message between a person and the app, opened if needed."""
        found = next((c for c in self.channels.values() if c.im_with == person), None)
        if found is None:
            channel_id = self._id("D")
            found = Channel(channel_id, person, im_with=person, members=[person, BOT_USER])
            self.channels[channel_id] = found
        return found

    def join(self, channel: str, person: str) -> None:
        """Somebody joins a channel; the app hears of it."""
        place = self.channel(channel)
        if person not in place.members:
            place.members.append(person)
            self._announce(self._membership("member_joined_channel", place, person))
            self.changed()

    def leave(self, channel: str, person: str) -> None:
        """Somebody leaves a channel; the app hears of it."""
        place = self.channel(channel)
        if person in place.members:
            place.members.remove(person)
            self._announce(self._membership("member_left_channel", place, person))
            self.changed()

    def _membership(self, event: str, channel: Channel, person: str) -> Json:
        letter = "G" if channel.is_private else "C"
        return {"type": event, "user": person, "channel": channel.id, "channel_type": letter, "team": TEAM_ID}

    def share_channel(self, channel_id: str, team: str = "T0OTHER") -> None:
        """Shares a channel with another company, whose people can then be members."""
        self.channel(channel_id).shared = True
        self._announce({"type": "channel_shared", "connected_team_id": team, "channel": channel_id})
        self.changed()

    def archive(self, channel: str) -> None:
        """A channel is archived; the app hears of it."""
        place = self.channel(channel)
        place.archived = True
        kind = "group_archive" if place.is_private else "channel_archive"
        self._announce({"type": kind, "channel": place.id, "user": self._somebody()})
        self.changed()

    def rename(self, channel: str, name: str) -> None:
        """A channel gets another name; the app hears of it."""
        place = self.channel(channel)
        place.name = name
        kind = "group_rename" if place.is_private else "channel_rename"
        about = {"id": place.id, "name": name, "created": place.created}
        self._announce({"type": kind, "channel": about})
        self.changed()

    def delete_channel(self, channel: str) -> None:
        """A channel is deleted; the app hears of it."""
        place = self.channel(channel)
        del self.channels[place.id]
        kind = "group_deleted" if place.is_private else "channel_deleted"
        self._announce({"type": kind, "channel": place.id, "actor_id": self._somebody()})
        self.changed()

    def _somebody(self) -> str:
        return next((p.id for p in self.people.values() if p.is_owner), BOT_USER)

    def may_see(self, person: str, channel: Channel) -> bool:
        """Members see a channel; everybody except guests can look into a public one."""
        if person in channel.members:
            return True
        return channel.kind == "public_channel" and not self.people[person].guest

    # Messages

    def message(self, channel: str, ts: str) -> Message | None:
        """A message by channel id and timestamp."""
        place = self.channels.get(channel)
        return next((m for m in place.messages if m.ts == ts), None) if place else None

    def sees(self, person: str, channel: str) -> list[Message]:
        """What somebody sees in a channel, oldest first."""
        place = self.channel(channel)
        if not self.may_see(person, place):
            return []
        return [m for m in place.messages if m.private_to in (None, person)]

    def say(self, person: str, channel: str, text: str) -> Message:
        """Somebody writes into a channel; refuses with not_in_channel."""
        place = self.channel(channel)
        if person not in place.members:
            raise Refusal("not_in_channel")
        message = self._add(place, Message(self._ts(), place.id, person, text, []))
        kind = {"im": "im", "private_channel": "group", "public_channel": "channel"}[place.kind]
        about = {"channel": place.id, "user": person, "text": text, "ts": message.ts, "channel_type": kind}
        self._announce({"type": "message", **about})
        return message

    def _add(self, channel: Channel, message: Message) -> Message:
        channel.messages.append(message)
        self.changed()
        return message

    def _writable(self, channel: str) -> Channel:
        if channel in self.people:
            return self.im(channel)
        place = self.known_channel(channel)
        if place.archived:
            raise Refusal("is_archived")
        if BOT_USER not in place.members:
            raise Refusal("not_in_channel")
        return place

    def checked(self, content: Mapping[str, Any]) -> Json:
        """Text, blocks and metadata as they will be kept; refuses what Slack refuses."""
        text, blocks = content.get("text") or "", content.get("blocks") or []
        if not text and not blocks:
            raise Refusal("no_text", fault=True)
        if len(text) > blockkit.MESSAGE_TEXT:
            raise Refusal("msg_too_long", fault=True)
        self._check_blocks(text, blocks)
        metadata = content.get("metadata")
        if metadata and blockkit.message_problems({"text": "a", "metadata": metadata}):
            raise Refusal("invalid_metadata_format", fault=True)
        return {"text": text, "blocks": self._named(blocks), "metadata": copy.deepcopy(metadata)}

    def _check_blocks(self, text: str, blocks: list[Json]) -> None:
        found = blockkit.message_problems({"text": text, "blocks": blocks})
        refused = [f"[ERROR] {problem}" for problem in found + self._file_problems(blocks)]
        if found and all("msg_blocks_too_long" in problem for problem in found):
            raise Refusal("msg_blocks_too_long", refused, fault=True)
        if refused:
            raise Refusal("invalid_blocks", refused, fault=bool(found))

    def _file_problems(self, blocks: list[Json]) -> list[str]:
        found = []
        for index, block in enumerate(blocks):
            if block.get("type") == "data_visualization" and not self.charts_enabled:
                found.append(f"unsupported type: data_visualization [json-pointer:/blocks/{index}/type]")
            reference = block.get("slack_file")
            if isinstance(reference, dict) and not self.file_is_ready(str(reference.get("id", ""))):
                found.append(f"invalid slack file [json-pointer:/blocks/{index}/slack_file]")
        return found

    def _named(self, blocks: list[Json]) -> list[Json]:
        """The blocks, with Slack's own ids for those that the app left without one."""
        kept = copy.deepcopy(blocks)
        for block in kept:
            block.setdefault("block_id", self._id("b"))
            for element in blockkit.elements_of(block):
                element.setdefault("action_id", self._id("a"))
        return kept

    def post(self, channel: str, content: Mapping[str, Any]) -> Message:
        """The app writes into a channel, or to a person by user id."""
        place = self._writable(channel)
        kept = self.checked(content)
        message = Message(self._ts(), place.id, BOT_USER, kept["text"], kept["blocks"])
        message.metadata = kept["metadata"]
        message.thread_ts = content.get("thread_ts")
        return self._add(place, message)

    def post_private(self, channel: str, person: str, content: Mapping[str, Any]) -> Message:
        """The app writes into a channel for one member's eyes."""
        place = self._writable(channel)
        if person not in place.members:
            raise Refusal("user_not_in_channel")
        return self._private(place, person, content)

    def _private(self, place: Channel, person: str, content: Mapping[str, Any]) -> Message:
        kept = self.checked(content)
        message = Message(self._ts(), place.id, BOT_USER, kept["text"], kept["blocks"], private_to=person)
        return self._add(place, message)

    def _own(self, channel: str, ts: str, not_mine: str) -> Message:
        place = self.known_channel(channel)
        message = self.message(place.id, ts)
        if message is None or message.private_to is not None:
            raise Refusal("message_not_found")
        if message.author != BOT_USER:
            raise Refusal(not_mine)
        if place.archived:
            raise Refusal("is_archived")
        return message

    def update(self, channel: str, ts: str, content: Mapping[str, Any]) -> Message:
        """The app changes its message: text without blocks removes blocks; metadata stays unless given."""
        message = self._own(channel, ts, "cant_update_message")
        self._rewrite(message, content)
        message.edited = self._ts()
        return message

    def _rewrite(self, message: Message, content: Mapping[str, Any]) -> None:
        kept = self.checked(content)
        message.text, message.blocks = kept["text"], kept["blocks"]
        if "metadata" in content:
            message.metadata = kept["metadata"] or None
        self.changed()

    def delete(self, channel: str, ts: str) -> None:
        """The app deletes its message."""
        self._remove(self._own(channel, ts, "cant_delete_message"))

    def _remove(self, message: Message) -> None:
        self.channels[message.channel].messages.remove(message)
        self.changed()

    def as_message(self, message: Message, *, metadata: bool = False) -> Json:
        """The message object of payloads and of conversations.history."""
        author = self.people[message.author]
        body: Json = {
            "type": "message",
            "user": message.author,
            "ts": message.ts,
            "text": message.text,
            "team": TEAM_ID,
        }
        if author.id == BOT_USER:
            body |= {"bot_id": BOT_ID, "app_id": APP_ID}
        if message.blocks:
            body["blocks"] = copy.deepcopy(message.blocks)
        if message.edited:
            body["edited"] = {"user": message.author, "ts": message.edited}
        if message.files:
            body["files"] = [self.as_file(self.files[file_id]) for file_id in message.files]
        if metadata and message.metadata:
            body["metadata"] = copy.deepcopy(message.metadata)
        if message.thread_ts:
            body["thread_ts"] = message.thread_ts
        return body

    # Triggers, response_urls, views

    def new_trigger(self, person: str, view: str | None = None) -> str:
        """A trigger_id for what a person just did."""
        trigger = Trigger(f"{self._id('13')}.{self._id('T')}", person, self.ticks(), view=view)
        self.triggers[trigger.id] = trigger
        return trigger.id

    def use_trigger(self, trigger_id: str) -> Trigger:
        """Takes a trigger; refuses an unknown, used or old one."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if trigger.used:
            raise Refusal("exchanged_trigger_id")
        if self.ticks() - trigger.issued > TRIGGER_SECONDS:
            raise Refusal("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(self, person: str, channel: str, message: str | None = None) -> str:
        """The id of a response_url for what a person just did."""
        key = self._id("R")
        self.response_urls[key] = ResponseUrl(key, person, channel, self.ticks(), message)
        return key

    def respond(self, key: str, content: Mapping[str, Any]) -> Message | None:
        """The app posts to a response_url. Refuses with used_url after 5 calls, expired_url after 30 min."""
        url = self.response_urls.get(key)
        if url is None or self.ticks() - url.issued > RESPONSE_URL_SECONDS:
            raise Refusal("expired_url")
        if url.calls >= RESPONSE_URL_CALLS:
            raise Refusal("used_url")
        original = self.message(url.channel, url.message) if url.message else None
        if content.get("delete_original") and original is not None:
            self._remove(original)
        elif content.get("replace_original") and original is not None:
            self._rewrite(original, content)
        else:
            original = self.answer(url.person, url.channel, content)
        url.calls += 1
        return original

    def answer(self, person: str, channel: str, content: Mapping[str, Any]) -> Message:
        """Posts what an ack or a response_url says: private unless response_type is in_channel."""
        place = self.channels[channel]
        if content.get("response_type") != "in_channel":
            return self._private(place, person, content)
        kept = self.checked(content)
        return self._add(place, Message(self._ts(), place.id, BOT_USER, kept["text"], kept["blocks"]))

    def _checked_view(self, view: Any, *types: str) -> Json:
        found = blockkit.view_problems(view)
        if not found and view["type"] not in types:
            found = [f"type must be {' or '.join(types)} [json-pointer:/view/type]"]
        is_fault = bool(found)
        found = found or self._file_problems(view.get("blocks") or [])
        if found:
            raise Refusal("invalid_arguments", [f"[ERROR] {problem}" for problem in found], fault=is_fault)
        return {**copy.deepcopy(view), "blocks": self._named(view.get("blocks") or [])}

    def open_view(self, trigger_id: str, view: Any) -> View:
        """views.open: the person's modal, in place of any other."""
        content = self._checked_view(view, "modal")
        person = self.use_trigger(trigger_id).person
        self._close_all(person)
        return self._stack(person, content)

    def push_view(self, trigger_id: str, view: Any) -> View:
        """views.push: another modal on top; at most three."""
        content = self._checked_view(view, "modal")
        trigger = self.use_trigger(trigger_id)
        if trigger.view not in self.stacks.get(trigger.person, []):
            raise Refusal("not_found")
        return self._stack(trigger.person, content)

    def stack_view(self, person: str, view: Any) -> View:
        """A modal that an ack (`response_action: push`) puts on top."""
        return self._stack(person, self._checked_view(view, "modal"))

    def _stack(self, person: str, content: Json) -> View:
        stack = self.stacks.setdefault(person, [])
        if len(stack) >= VIEW_STACK:
            raise Refusal("push_limit_reached")
        view_id = self._id("V")
        root, previous = (stack[0], stack[-1]) if stack else (view_id, None)
        view = View(view_id, person, content, self._id("h"), root, previous)
        self.views[view_id] = view
        stack.append(view_id)
        self.changed()
        return view

    def update_view(self, view_id: str, external_id: str, view: Any, hash_: str) -> View:
        """views.update: by id or external id; hash_conflict if the view has changed since."""
        known = self.views.get(view_id) or next(
            (v for v in self.views.values() if external_id and v.content.get("external_id") == external_id),
            None,
        )
        if known is None:
            raise Refusal("not_found")
        if hash_ and hash_ != known.hash:
            raise Refusal("hash_conflict")
        known.content = self._checked_view(view, str(known.content["type"]))
        known.hash = self._id("h")
        self.changed()
        return known

    def publish_home(self, person: str, view: Any, hash_: str = "") -> View:
        """views.publish: a person's Home tab."""
        content = self._checked_view(view, "home")
        if person not in self.people or self.people[person].is_bot:
            raise Refusal("user_not_found")
        known = self.homes.get(person)
        if hash_ and known is not None and hash_ != known.hash:
            raise Refusal("hash_conflict")
        view_id = known.id if known else self._id("V")
        self.homes[person] = self.views[view_id] = View(view_id, person, content, self._id("h"), view_id)
        self.changed()
        return self.homes[person]

    def modals(self, person: str) -> list[View]:
        """A person's open modals, the top one last."""
        return [self.views[view_id] for view_id in self.stacks.get(person, [])]

    def close_view(self, view_id: str) -> None:
        """Takes a modal off the stack, with all above it."""
        person = self.views[view_id].person
        stack = self.stacks.get(person, [])
        while view_id in stack:
            del self.views[stack.pop()]
        self.changed()

    def _close_all(self, person: str) -> None:
        for view_id in self.stacks.pop(person, []):
            del self.views[view_id]
        self.changed()

    def clear_views(self, person: str) -> None:
        """Closes all of a person's modals."""
        self._close_all(person)

    # Files

    def new_upload(self, name: str, length: int, alt: str) -> File:
        """files.getUploadURLExternal."""
        if len(alt) > 1000:
            raise Refusal("alt_txt_too_large")
        file = File(self._id("F"), name, length, alt)
        self.files[file.id] = file
        return file

    def receive(self, file_id: str, data: bytes) -> bool:
        """Takes the bytes of an upload; false if their length is not the announced one."""
        file = self.files[file_id]
        if len(data) != file.length:
            return False
        file.data = data
        return True

    def complete(self, file_id: str, title: str) -> File:
        """files.completeUploadExternal: Slack starts to look at the file."""
        file = self.files.get(file_id)
        if file is None or file.data is None or file.completed:
            raise Refusal("file_not_found")
        file.completed, file.title = True, title or file.name
        file.ready_at = self.ticks() + self.file_seconds
        return file

    def share(self, files: list[File], channel: str, comment: str, blocks: list[Json]) -> Message:
        """Posts the message of an upload that was completed with a channel."""
        place = self._writable(channel)
        kept = self.checked({"text": comment or " ", "blocks": blocks})
        message = Message(self._ts(), place.id, BOT_USER, kept["text"].strip(), kept["blocks"])
        message.files = [file.id for file in files]
        for file in files:
            file.shares.append((place.id, message.ts))
        return self._add(place, message)

    def file_is_ready(self, file_id: str) -> bool:
        """Whether an image block may show the file already."""
        file = self.files.get(file_id)
        return bool(file and file.completed and file.size and self.ticks() >= file.ready_at)

    def as_file(self, file: File) -> Json:
        """The file object of files.info: dimensions and shares appear when Slack has looked at it."""
        body: Json = {
            "id": file.id,
            "created": int(self._now()),
            "name": file.name,
            "title": file.title,
            "mimetype": "image/png" if file.size else "application/octet-stream",
            "filetype": "png" if file.size else "binary",
            "user": BOT_USER,
            "size": file.length,
            "alt_txt": file.alt,
            "is_external": False,
            "is_public": True,
        }
        if self.file_is_ready(file.id) and file.size:
            body["original_w"], body["original_h"] = file.size
            shares: dict[str, dict[str, list[Json]]] = {}
            for channel, ts in file.shares:
                kind = "private" if self.channels[channel].kind != "public_channel" else "public"
                shares.setdefault(kind, {}).setdefault(channel, []).append({"ts": ts})
            body["shares"] = shares
        return body

    # What the app did wrong, as a person sees it

    def toast(self, person: str, text: str) -> None:
        """A passing notice to one person."""
        self.toasts.setdefault(person, []).append(text)
        self.changed()
