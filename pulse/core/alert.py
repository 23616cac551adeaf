"""What managers must be told without having asked, as codes and values. Views make the sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAlert:
    """The bot cannot work in a channel (its id); `code` is Slack's."""

    channel: str
    code: str

    @property
    def key(self) -> str:
        return f"channel {self.channel}: {self.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedWave:
    """A wave's time passed before the bot could open it. `opens_at` is the next one's, if any is planned."""

    due_at: datetime
    opens_at: datetime | None

    @property
    def key(self) -> str:
        return f"missed {self.due_at.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondCopy:
    """Another process is connected as this app and receives some of the taps."""

    key: str = "second copy"


Alert = ChannelAlert | MissedWave | SecondCopy
"""Alerts with the same `key` are told once a day."""
