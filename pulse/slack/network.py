"""How an address is reached: directly or through which proxy, and whose certificates are trusted.

The one place that decides, for the Web API, uploads, response_urls and sockets alike. The libraries below
have rules of their own, which agree neither with each other nor with NO_PROXY.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path

from yarl import URL

from pulse.core.errors import SettingsFault
from pulse.core.language import _

SECURE = ("https", "wss")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What the environment says about proxies and certificates.

    `http_proxy` is for http and ws addresses. `https_proxy` is for https and wss; if it is not set,
    `http_proxy` is, as in Slack's own libraries. `no_proxy` lists, with commas, what is reached directly: a
    host with the names below it, a network such as 10.0.0.0/8, each with an optional port, or * for
    everything. `certificates` is a file of certificates to trust besides the system's. Without arguments,
    everything is reached directly.
    """

    http_proxy: str = field(default="", repr=False)
    https_proxy: str = field(default="", repr=False)
    no_proxy: str = ""
    certificates: Path | None = None

    def proxy(self, address: str) -> str | None:
        """The proxy for an address; None if it is reached directly."""
        url = URL(address)
        chosen = (self.https_proxy or self.http_proxy) if url.scheme in SECURE else self.http_proxy
        if not chosen or any(_names(entry, url) for entry in re.split(r"[,\s]+", self.no_proxy) if entry):
            return None
        return chosen

    def trust(self) -> ssl.SSLContext | bool:
        """Whose certificates are trusted: True means the system's.

        Raises SettingsFault for a file without any.
        """
        return True if self.certificates is None else _trusting(self.certificates)


def proxy_address(typed: str) -> str:
    """The address of a proxy as somebody typed it. Raises ValueError, with what is wrong, if unusable."""
    address = typed if "://" in typed or not typed else f"http://{typed}"
    try:
        url = URL(address)
        usable = not address or (url.host is not None and url.port is not None)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(_("that is not the address of a proxy, such as http://proxy.example:3128"))
    if address and url.scheme not in ("http", "https"):
        raise ValueError(
            _("a proxy of the kind {kind} is not supported, only http:// and https://").format(
                kind=url.scheme
            )
        )
    return address


def _names(entry: str, url: URL) -> bool:
    """Whether an entry of NO_PROXY covers an address."""
    if entry == "*":
        return True
    host = (url.host or "").rstrip(".").lower()
    name, port = _split(entry.lower())
    if port and port != str(url.port):
        return False
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:
        # One of the two is a name, not a number.
        name = name.removeprefix("*").strip(".")
        return bool(name) and (host == name or host.endswith("." + name))


def _split(entry: str) -> tuple[str, str]:
    """Host or network, and port; "" if no port is given."""
    if entry.startswith("["):
        host, _bracket, port = entry[1:].partition("]")
        return host, port.removeprefix(":")
    if entry.count(":") == 1:
        host, _colon, port = entry.partition(":")
        return host, port
    return entry, ""


@cache
def _trusting(file: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(file)
    except OSError as error:
        # ssl.SSLError, for a file without certificates, is an OSError.
        raise SettingsFault(
            _("SSL_CERT_FILE: no certificate can be read from {file} ({why}).").format(
                file=file, why=error.strerror or error
            )
        ) from error
    return context
