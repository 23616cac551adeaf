"""The bot, but a quiet minute lasts half a second: for tests of what happens after a close.

A pulse by hand may follow another one at once, so that a test need not wait for the next day.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bot
from pulse.ops.process import Replacement
from pulse.services import by_hand, waves

if __name__ == "__main__":
    assert Replacement.__init__.__kwdefaults__ is not None
    Replacement.__init__.__kwdefaults__ |= {"quiet_s": 0.5, "look_s": 0.05}
    waves.APART = by_hand.APART = timedelta(0)
    sys.exit(bot.main())
