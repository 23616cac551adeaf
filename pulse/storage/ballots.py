"""Sealed ballots: what the database holds of a person while a wave is open.

Each person of the roster has one row from the opening on: a pseudonym (HMAC-SHA-256 of the user id) and a
sealed blob of one length. So the rows tell how many were asked and nothing else: neither length nor presence
tells who answered. The blob is ChaCha20-Poly1305 (RFC 8439) under a random nonce, bound to the wave's token
and the pseudonym: a row that was changed, or moved to another person or wave, does not open.

Among 100,000 writes of a wave, the chance that any two of the random 96-bit nonces agree is 1 in 10^19.

Copies of the keys: OpenSSL copies a key into the state of each operation and overwrites it when it frees the
state: at the end of `hmac.digest`, and when the cipher object is freed. `destroy` drops that object.
AES would leave its key on the stack of the thread that used it. tests/ops/test_memory.py searches the memory
after a close.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from pulse.core.errors import BallotBroken, PollIsClosed
from pulse.core.language import _
from pulse.core.model import Format, Item, Side
from pulse.core.records import StoredBallot
from pulse.storage.keys import WaveKey

NONCE_BYTES = 12
TAG_BYTES = 16


def length_of(items: Iterable[Item]) -> int:
    """Bytes of the longest ballot that these items allow: every ballot of the wave is padded to it."""
    answers = {item.id: _longest(item) for item in items}
    full = StoredBallot(sides=frozenset(Side), side=Side.MARKETING, answers=answers)
    return size_of(full)


def size_of(ballot: StoredBallot) -> int:
    """Bytes that the ballot needs."""
    return len(_encode(ballot))


def _longest(item: Item) -> frozenset[str]:
    keys = [option.key for option in item.options]
    return frozenset(keys if item.format is Format.MULTI else [max(keys, key=lambda key: len(key.encode()))])


class Sealer:
    """Makes pseudonyms, seals and opens the ballots of one wave. `random_bytes` makes the nonces."""

    def __init__(self, key: WaveKey, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self.token = key.token
        self._key = key
        self._cipher: ChaCha20Poly1305 | None = ChaCha20Poly1305(key.sealing)
        self._random_bytes = random_bytes
        self._bound = key.token.encode()

    def pseudonym(self, user: str) -> bytes:
        """HMAC-SHA-256 of the user id: meaningless once the key is destroyed."""
        return hmac.digest(self._key.naming, user.encode(), hashlib.sha256)

    def seal(self, person: bytes, ballot: StoredBallot, length: int) -> bytes:
        """The ballot, padded to `length` bytes and sealed for the row of that pseudonym.

        Raises BallotBroken if it does not fit: a question was changed while the wave was open.
        """
        cipher = self._living()
        plain = _encode(ballot)
        if len(plain) > length:
            raise BallotBroken(
                _("This answer does not fit the pulse as it was opened, so nothing was changed.")
            )
        nonce = self._random_bytes(NONCE_BYTES)
        return nonce + cipher.encrypt(nonce, plain.ljust(length), self._bound + person)

    def open(self, person: bytes, sealed: bytes) -> StoredBallot:
        """The ballot in the row of that pseudonym. Raises BallotBroken if the row was changed or moved."""
        cipher = self._living()
        try:
            plain = cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound + person)
        except (InvalidTag, ValueError) as error:
            raise BallotBroken(
                _(
                    "Your answers in the database were changed from outside and cannot be read. Nothing was"
                    " recorded. Please tell whoever runs the bot."
                )
            ) from error
        return _decode(plain)

    def _living(self) -> ChaCha20Poly1305:
        if self._cipher is None:
            raise PollIsClosed(_("This pulse is closed, so nothing was changed."))
        return self._cipher

    def destroy(self) -> None:
        """Overwrites the keys in place, and drops the cipher, so that OpenSSL overwrites its copies."""
        self._cipher = None
        self._key.destroy()


def room_of(sealed: bytes) -> int:
    """Bytes that a ballot may take in that row, as fixed when the wave opened."""
    return len(sealed) - NONCE_BYTES - TAG_BYTES


_SHORT = {Side.MARKETING: "m", Side.IT: "i"}
_LONG = {short: side for side, short in _SHORT.items()}


def _encode(ballot: StoredBallot) -> bytes:
    said = {
        "in": "".join(sorted(_SHORT[side] for side in ballot.sides)),
        "for": _SHORT[ballot.side] if ballot.side else "",
        "answers": {item_id: sorted(keys) for item_id, keys in ballot.answers.items()},
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _decode(plain: bytes) -> StoredBallot:
    said = json.loads(plain)
    return StoredBallot(
        sides=frozenset(_LONG[short] for short in said["in"]),
        side=_LONG.get(said["for"]),
        answers={item_id: frozenset(keys) for item_id, keys in said["answers"].items()},
    )
