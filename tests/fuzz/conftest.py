"""Payloads are generated from what people send to the whole bot."""

from tests.handlers.conftest import office

__all__ = ["office"]
