"""Alignment Pulse: trust and alignment between marketing and IT, measured in Slack."""

__version__ = "0.1.0"
