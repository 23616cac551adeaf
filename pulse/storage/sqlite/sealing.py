"""The key of the open wave: outside the database, and kept in step with it."""

from __future__ import annotations

import sqlite3
import threading

from pulse.core.errors import KeyLost, PollIsClosed
from pulse.core.language import _
from pulse.storage.ballots import Sealer
from pulse.storage.keys import KeyFolder
from pulse.storage.sqlite.theme import Theme


class Sealing:
    """The sealer of the open wave, from its opening to its close; after a restart its key is read again."""

    def __init__(self, keys: KeyFolder, open_token: str | None) -> None:
        self.keys = keys
        self._token = open_token
        self._sealer: Sealer | None = None
        # Both the writer's thread and the event loop open ballots.
        self._turn = threading.Lock()

    def make(self, token: str) -> Sealer:
        """Makes the key of a wave that is being opened. Raises StoreFault."""
        with self._turn:
            self._token, self._sealer = token, Sealer(self.keys.make(token))
            return self._sealer

    def current(self) -> Sealer:
        """The sealer of the open wave. Raises KeyLost, or PollIsClosed if no wave is open.

        Looks for a lost key each time: somebody may put it back.
        """
        with self._turn:
            if self._token is None:
                raise PollIsClosed(
                    _("This pulse is closed, so nothing was changed. The next one will be posted here.")
                )
            if self._sealer is None:
                self._sealer = Sealer(self.keys.read(self._token))
            return self._sealer

    def lost(self) -> KeyLost | None:
        """Why the open wave's key cannot be used; None if it can, or if no wave is open."""
        if self._token is None:
            return None
        try:
            self.current()
        except KeyLost as lost:
            return lost
        return None

    def forget(self) -> None:
        """Overwrites the key in memory; the next start reads it again."""
        with self._turn:
            if self._sealer is not None:
                self._sealer.destroy()
            self._token, self._sealer = None, None

    def keep_only(self, open_token: str | None) -> None:
        """Destroys every key but the open wave's, in memory and on disk. Raises StoreFault."""
        with self._turn:
            if self._sealer is not None and self._sealer.token != open_token:
                self._sealer.destroy()
                self._sealer = None
            self._token = open_token
        self.keys.sweep(open_token)


class SealedTheme(Theme):
    """A theme that opens or seals ballots."""

    _sealing: Sealing

    def destroy_unused_keys(self, connection: sqlite3.Connection) -> None:
        """Destroys the keys of waves that are not open, as the database says. Raises StoreFault."""
        self._sealing.keep_only(open_token(connection))


def open_token(connection: sqlite3.Connection) -> str | None:
    """The token of the open wave, if there is one."""
    row = connection.execute("SELECT token FROM wave WHERE state = 'open'").fetchone()
    return None if row is None else row[0]
