"""The one place that says what has become of single answers after a close."""

from __future__ import annotations

from pulse.core.language import N_, _
from pulse.core.records import Traces

_SENTENCES = {
    Traces.NONE: N_(
        "The single answers are deleted, and the key that could open a copy of them is destroyed."
    ),
    Traces.KEY: N_(
        "The single answers are deleted, but the key that could open a copy of them could not be destroyed"
        " yet. I try again every minute."
    ),
    Traces.LOG: N_(
        "The single answers are deleted, but another program on the server keeps the database's log open, and"
        " answers from before the upgrade stay in it until that program lets go. I try again every minute."
    ),
}


def deleted(traces: Traces) -> str:
    """What can still be found of the answers, as a sentence in the current language.

    >>> deleted(Traces.NONE)
    'The single answers are deleted, and the key that could open a copy of them is destroyed.'
    """
    return _(_SENTENCES[traces])
