"""Who may change things: workspace admins and owners, and people named by them.

Named people are kept under a keyed hash, so that the file lists nobody who may also be a respondent.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Sequence

import structlog

from pulse.core.audit import AuditCode, AuditEntry, AuditEvent, entries
from pulse.core.errors import BadRequest, ManagersOnly
from pulse.core.language import _
from pulse.services.ports import Clock, Person, RandomBytes, Roster
from pulse.storage.port import Store

SECRET_BYTES = 32

CODED = ("manager", "no reminders", "greeted")
"""Kinds of wishes, which are kept under hashes keyed with the secret."""

MOST_TOLD = 10
"""Managers who are told of a problem, at most: enough that one sees it, few enough not to annoy a company."""

MOST_NAMED = 3
"""People whom a refusal names as allowed."""

_log = structlog.get_logger(__name__)

CHANGES = 5
"""Entries of the audit that managers are shown."""


class Managers:
    """`start` makes or reads the installation's secret, without which no named person is recognized.

    `_turn` is held from the reading of the named people to the write that depends on it.
    """

    def __init__(self, *, store: Store, roster: Roster, clock: Clock) -> None:
        self._store, self._roster, self._clock = store, roster, clock
        self._secret = b""
        self._turn = asyncio.Lock()

    async def start(self, random_bytes: RandomBytes) -> None:
        if await self._store.secret() is None and any([await self._store.wishes(kind) for kind in CODED]):
            _log.warning("secret missing: named managers and opt-outs are unknown until it is put back")
        await self._store.make_secret(random_bytes(SECRET_BYTES))
        self._secret = await self._store.secret() or b""

    def pseudonym(self, user: str) -> bytes:
        return hmac.digest(self._secret, user.encode(), hashlib.sha256)

    async def is_manager(self, user: str) -> bool:
        if self.pseudonym(user) in await self._store.wishes("manager"):
            return True
        return (await self._roster.person(user)).admin

    async def check(self, user: str) -> None:
        """Raises ManagersOnly, which says who can, and SlackFault if Slack does not tell who this is."""
        if not await self.is_manager(user):
            raise ManagersOnly(
                _(
                    "Only managers of the pulse can do this: admins and owners of this workspace,"
                    " and people whom they have named."
                ),
                (await self._met())[:MOST_NAMED],
            )

    async def nameable(self, people: Sequence[str], wanted: bool) -> Sequence[Person]:
        """The people, if each can be named, or taken off the list. Raises BadRequest and SlackFault."""
        found = [await self._roster.person(user) for user in people]
        for person in found:
            if wanted and not person.asked:
                raise BadRequest(
                    _("Only members of this workspace can manage the pulse: guests and apps cannot.")
                )
            if not wanted and person.admin:
                raise BadRequest(_("Admins and owners of this workspace always manage the pulse."))
        return found

    async def name(self, people: Sequence[str], wanted: bool) -> None:
        """Names people as managers, or takes that back. Raises as `nameable` does."""
        found = await self.nameable(people, wanted)
        event = AuditEvent(code=AuditCode.MANAGER_NAMED if wanted else AuditCode.MANAGER_REMOVED)
        async with self._turn:
            named = await self._store.wishes("manager")
            for code in [self.pseudonym(person.id) for person in found]:
                if wanted != (code in named):
                    await self._store.set_wish(code, "manager", wanted, self._clock(), event.as_json())

    async def changes(self) -> tuple[AuditEntry, ...]:
        """What managers and the schedule changed lately, the latest first."""
        return entries(await self._store.audit(CHANGES))

    async def named(self) -> tuple[str, ...]:
        """The named people that the bot has met since it started, as ids."""
        wanted = await self._store.wishes("manager")
        return tuple(user for user in self._roster.met() if self.pseudonym(user) in wanted)

    async def unmet(self) -> int:
        """How many named people the bot has not met since it started."""
        return len(await self._store.wishes("manager")) - len(await self.named())

    async def reachable(self) -> tuple[str, ...]:
        """Whom to tell of a problem: named people first, then admins and owners, at most `MOST_TOLD`.

        If the bot has met none of them yet, it reads the workspace to find them. Raises SlackFault.
        """
        if not await self._met():
            wanted = await self._store.wishes("manager")
            await self._roster.look_for(lambda person: person.admin or self.pseudonym(person.id) in wanted)
        return (await self._met())[:MOST_TOLD]

    async def _met(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*await self.named(), *self._roster.admins()]))

    async def claim_greeting(self, user: str) -> bool:
        """Notes who is greeted: true once per installation, for the first manager who looks at the bot."""
        if not await self.is_manager(user):
            return False
        async with self._turn:
            if await self._store.wishes("greeted"):
                return False
            await self._store.set_wish(self.pseudonym(user), "greeted", True, self._clock(), "")
        return True
