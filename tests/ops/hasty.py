"""The bot, but a quiet minute lasts half a second: for tests of what happens after a close."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bot
from pulse.ops.process import Replacement

assert Replacement.__init__.__kwdefaults__ is not None
Replacement.__init__.__kwdefaults__ |= {"quiet_s": 0.5, "look_s": 0.05}

if __name__ == "__main__":
    sys.exit(bot.main())
