"""Who may change things: workspace admins and owners, and people named by them.

Named people are kept under a keyed hash, so that the file lists nobody who may also be a respondent.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

from pulse.core.errors import ManagersOnly
from pulse.core.language import _
from pulse.runtime.roster import Roster
from pulse.runtime.store import Store

SECRET_BYTES = 32


class Managers:
    """`start` makes the installation's key; without it nobody is named."""

    def __init__(self, store: Store, roster: Roster, clock: Callable[[], datetime]) -> None:
        self._store, self._roster, self._clock = store, roster, clock
        self._secret = store.secret() or b""

    async def start(self, random_bytes: Callable[[int], bytes]) -> None:
        await self._store.make_secret(random_bytes(SECRET_BYTES))
        self._secret = self._store.secret() or b""

    def pseudonym(self, user: str) -> bytes:
        return hmac.digest(self._secret, user.encode(), hashlib.sha256)

    async def is_manager(self, user: str) -> bool:
        if self.pseudonym(user) in self._store.wishes("manager"):
            return True
        return (await self._roster.person(user)).admin

    async def check(self, user: str) -> None:
        """Raises ManagersOnly, which says who can, and SlackFault where Slack does not tell who this is."""
        if not await self.is_manager(user):
            raise ManagersOnly(
                _("Only managers of the pulse can do this: admins and owners of this workspace.")
            )

    async def name(self, user: str, wanted: bool) -> None:
        """Names somebody a manager, or takes it back."""
        what = _("A manager was named.") if wanted else _("A manager was taken off the list.")
        await self._store.set_wish(self.pseudonym(user), "manager", wanted, self._clock(), what)

    def named(self) -> tuple[str, ...]:
        """The named people that the bot has met since it started, as ids."""
        wanted = self._store.wishes("manager")
        return tuple(user for user in self._roster.met() if self.pseudonym(user) in wanted)
