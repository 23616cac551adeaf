"""Who may change things: workspace admins and owners, and people named by them.

Named people are kept under a keyed hash, so that the file lists nobody who may also be a respondent.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from pulse.core.audit import AuditCode, AuditEntry, AuditEvent, entries
from pulse.core.errors import BadRequest, ManagersOnly
from pulse.core.language import _
from pulse.services.ports import Clock, RandomBytes, Roster
from pulse.storage.port import Store

SECRET_BYTES = 32

MOST_TOLD = 10
"""Managers who are told of a problem: enough that one sees it, few enough not to annoy a company."""

MOST_NAMED = 3
"""People whom a refusal names as allowed."""

CHANGES = 5
"""Entries of the audit that managers are shown."""


class Managers:
    """`start` makes the installation's key; without it nobody is named."""

    def __init__(self, *, store: Store, roster: Roster, clock: Clock) -> None:
        self._store, self._roster, self._clock = store, roster, clock
        self._secret = store.secret() or b""

    async def start(self, random_bytes: RandomBytes) -> None:
        await self._store.make_secret(random_bytes(SECRET_BYTES))
        self._secret = self._store.secret() or b""

    def pseudonym(self, user: str) -> bytes:
        return hmac.digest(self._secret, user.encode(), hashlib.sha256)

    async def is_manager(self, user: str) -> bool:
        if self.pseudonym(user) in self._store.wishes("manager"):
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
                self._met()[:MOST_NAMED],
            )

    async def name(self, people: Sequence[str], wanted: bool) -> None:
        """Names people managers, or takes it back. Raises BadRequest if that makes no sense for one."""
        found = [await self._roster.person(user) for user in people]
        for person in found:
            if wanted and not person.asked:
                raise BadRequest(
                    _("Only members of this workspace can manage the pulse: guests and apps cannot.")
                )
            if not wanted and person.admin:
                raise BadRequest(_("Admins and owners of this workspace always manage the pulse."))
        event = AuditEvent(code=AuditCode.MANAGER_NAMED if wanted else AuditCode.MANAGER_REMOVED)
        for person in found:
            code = self.pseudonym(person.id)
            if wanted != (code in self._store.wishes("manager")):
                await self._store.set_wish(code, "manager", wanted, self._clock(), event.as_json())

    def changes(self) -> tuple[AuditEntry, ...]:
        """What managers and the schedule changed lately, the latest first."""
        return entries(self._store.audit(CHANGES))

    def named(self) -> tuple[str, ...]:
        """The named people that the bot has met since it started, as ids."""
        wanted = self._store.wishes("manager")
        return tuple(user for user in self._roster.met() if self.pseudonym(user) in wanted)

    def unmet(self) -> int:
        """How many more people are named."""
        return len(self._store.wishes("manager")) - len(self.named())

    async def reachable(self) -> tuple[str, ...]:
        """Whom to tell of a problem: named people first, then admins and owners, at most `MOST_TOLD`.

        Where nobody of them was met yet, the workspace is read once for them. Raises SlackFault.
        """
        if not self._met():
            wanted = self._store.wishes("manager")
            await self._roster.look_for(lambda person: person.admin or self.pseudonym(person.id) in wanted)
        return self._met()[:MOST_TOLD]

    def _met(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.named(), *self._roster.admins()]))

    async def first_met(self, user: str) -> bool:
        """True once in the life of an installation: for the first manager who looks at the bot."""
        if self._store.wishes("greeted") or not await self.is_manager(user):
            return False
        await self._store.set_wish(self.pseudonym(user), "greeted", True, self._clock(), "")
        return True
