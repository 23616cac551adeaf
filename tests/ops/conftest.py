"""What runs over weeks is tested on the whole bot, at the wire."""

from tests.handlers.conftest import office

__all__ = ["office"]
