"""What is stored of closed waves, as a file for whoever may read results."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from pulse.core.baselines import Ledger
from pulse.core.errors import NotNow, SlackFault
from pulse.core.evidence import Said, said
from pulse.core.items import Bank
from pulse.core.language import _
from pulse.core.library import Library
from pulse.core.model import ClosedWave
from pulse.services.audience import Audience
from pulse.services.results import Results

WriteEvidence = Callable[[Sequence[ClosedWave], Bank, Said], bytes]
"""Makes the file. `pulse.storage.sqlite.download` says what is in it."""

PATIENCE_S = 0.7
"""How long a window's trigger is kept waiting for Slack to say who is in which channel."""

_log = structlog.get_logger(__name__)


class Evidence:
    """Offers and makes the file. One is made at a time: after ten years it takes one thread a second."""

    def __init__(
        self,
        *,
        results: Results,
        audience: Audience,
        library: Library,
        write: WriteEvidence,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._results, self._audience, self._library, self._write = results, audience, library, write
        self._patience_s = patience_s
        self._turn = asyncio.Lock()

    async def offered(self, user: str) -> bool:
        """Whether somebody is offered the file: a wave has closed, and they may read its results.

        It is also offered if Slack does not say in time whether they may: `file` asks again.
        """
        if not await self._results.closed():
            return False
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._audience.includes(user)
        except (SlackFault, TimeoutError) as error:
            _log.info("reader not known", problem=type(error).__name__)
            return True

    async def file(self, user: str) -> bytes:
        """The file, for somebody who may read results.

        Raises NotForYou for others, NotNow before the first close, and SlackFault.
        """
        await self._audience.check(user)
        closed = await self._results.closed()
        if not closed:
            raise NotNow(_("There is nothing to download yet: no pulse has closed."))
        async with self._turn:
            return await asyncio.to_thread(self._made, closed, self._library.source, self._library.ledger)

    def _made(self, closed: Sequence[ClosedWave], bank: Bank, ledger: Ledger) -> bytes:
        return self._write(closed, bank, said(closed, bank, ledger))
