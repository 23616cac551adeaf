"""Responses that Slack, a load balancer, a proxy or a captive portal has been seen to give, and similar ones.

Seen in slackapi/python-slack-sdk: #493 (unexpected type), #718 and #821 (HTML, also through a proxy), #829 (a
type without charset), #1421 (not JSON, under a JSON type).
"""

from __future__ import annotations

from typing import Any

HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain"}

ODD: dict[str, dict[str, Any]] = {
    "text under 503": {"status": 503, "body": b"upstream connect error", "headers": TEXT},
    "HTML under 200": {"body": b"<html>Sign in to the guest network</html>", "headers": HTML},
    "HTML that calls itself JSON": {"body": b"<!DOCTYPE html><title>502</title>", "headers": JSON},
    "a list": {"body": b"[]", "headers": JSON},
    "a list of answers": {"body": b'[{"ok": true}]', "headers": JSON},
    "a word": {"body": b'"ok"', "headers": JSON},
    "null": {"body": b"null", "headers": JSON},
    "a number": {"body": b"1e999", "headers": JSON},
    "bytes that are no text": {"body": b'{"ok": true, "x": "\xff\xfe"}', "headers": JSON},
    "text of bytes that are no text": {"status": 503, "body": b"\xff\xfe\x00", "headers": TEXT},
    "a charset that nobody knows": {
        "body": b"{}",
        "headers": {"Content-Type": "text/plain; charset=klingon"},
    },
    "half an object": {"body": b'{"ok": true, "chan', "headers": JSON},
    "nothing": {"body": b"", "headers": JSON},
    "nothing without a type": {"body": b"", "headers": {"Content-Type": "application/octet-stream"}},
    "brackets without end": {"body": b"[" * 100_000, "headers": JSON},
    "neither ok nor an error": {"body": b"{}", "headers": JSON},
    "an error that is no word": {"body": b'{"ok": false, "error": {"code": 7}}', "headers": JSON},
    "ok that is not true": {"body": b'{"ok": "yes", "ts": "1.0"}', "headers": JSON},
    "ok under 500": {"status": 500, "body": b'{"ok": true, "ts": "1.0"}', "headers": JSON},
    "a redirect to a portal": {
        "status": 302,
        "body": b"",
        "headers": {"Location": "http://127.0.0.1:9/login"},
    },
    "a compression that is none": {"body": b"plain", "headers": {**JSON, "Content-Encoding": "gzip"}},
    "forbidden by a filter": {"status": 403, "body": b"Blocked by policy", "headers": HTML},
    "too large for a proxy": {"status": 413, "body": b"Request Entity Too Large", "headers": TEXT},
}
"""Arguments for `Rehearsal.fail`, by description."""

WAITS = {
    "a fraction": "0.3",
    "a date": "Fri, 27 Nov 2020 10:00:00 GMT",
    "a date without a zone": "Fri, 27 Nov 2020 10:00:00 -0000",
    "below zero": "-5",
    "nothing": "",
    "a word": "soon",
    "no number": "nan",
    "two": "0, 0",
}
"""Values of Retry-After that mean a short wait, by description."""
