"""Proxies and certificates: one decision for everything that the bot sends, and a cause for each failure."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from pulse.core.errors import SettingsFault, SlackFault
from pulse.slack.network import Network, proxy_address
from pulse.slack.web_api import Slack
from pulse.slack.wire import NEVER, Wire
from rehearsal.server import Rehearsal
from tests.process import Outside, bot, free_port, tokens

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("address", "no_proxy"),
    [
        ("https://slack.com/api/auth.test", "slack.com"),
        ("https://files.slack.com/upload", "slack.com"),
        ("https://files.slack.com/upload", ".slack.com"),
        ("https://files.slack.com/upload", "*.slack.com"),
        ("wss://wss-primary.slack.com/link", "localhost, SLACK.com"),
        ("https://slack.com:443/api/", "slack.com:443"),
        ("http://127.0.0.1:8080/api/", "localhost,127.0.0.1"),
        ("http://127.0.0.1:8080/api/", "127.0.0.0/8"),
        ("ws://10.1.2.3/link", "10.0.0.0/8"),
        ("http://[::1]:8080/api/", "::1"),
        ("http://[::1]:8080/api/", "[::1]"),
        ("http://[fd00::7]/", "fd00::/8"),
        ("https://slack.com/api/", "*"),
        ("https://slack.com./api/", "slack.com"),
    ],
)
def test_what_no_proxy_names_is_reached_directly(address: str, no_proxy: str) -> None:
    """It names hosts with their subdomains, networks, ports, or everything."""
    assert Network(https_proxy=PROXY, http_proxy=PROXY, no_proxy=no_proxy).proxy(address) is None


@pytest.mark.parametrize(
    ("address", "no_proxy"),
    [
        ("https://slack.com/api/", ""),
        ("https://slack.com/api/", "lack.com"),
        ("https://notslack.com/", "slack.com"),
        ("https://slack.com/api/", "files.slack.com"),
        ("https://slack.com/api/", "slack.com:8443"),
        ("http://127.0.0.1:8080/", "127.0.0.2"),
        ("http://127.0.0.1:8080/", "10.0.0.0/8"),
        ("http://[::1]/", "127.0.0.1"),
        ("https://slack.com/api/", ". ,,"),
    ],
)
def test_what_no_proxy_does_not_name_goes_through_the_proxy(address: str, no_proxy: str) -> None:
    """Part of a name is another name."""
    assert Network(https_proxy=PROXY, http_proxy=PROXY, no_proxy=no_proxy).proxy(address) == PROXY


def test_each_kind_of_address_has_its_proxy() -> None:
    """HTTP_PROXY stands in for HTTPS_PROXY, as before; not the other way round."""
    both = Network(https_proxy="http://s:1", http_proxy="http://p:1")
    assert [both.proxy(f"{kind}://a.example/") for kind in ("https", "wss", "http", "ws")] == [
        "http://s:1",
        "http://s:1",
        "http://p:1",
        "http://p:1",
    ]
    assert Network(http_proxy="http://p:1").proxy("https://a.example/") == "http://p:1"
    assert Network(https_proxy="http://s:1").proxy("http://a.example/") is None
    assert Network().proxy("https://a.example/") is None


@pytest.mark.parametrize(
    "typed", ["proxy:3128", "http://proxy:3128", "http://me:pw@proxy:3128", "https://proxy"]
)
def test_a_proxy_may_be_typed_without_its_kind(typed: str) -> None:
    """As in curl."""
    assert proxy_address(typed).endswith(typed)


@pytest.mark.parametrize(
    "typed", ["socks5://proxy:1080", "ftp://proxy:21", "http://", "http://:3128", "a:b:c"]
)
def test_a_proxy_that_cannot_work_is_refused(typed: str) -> None:
    """The start fails, and not each call."""
    with pytest.raises(ValueError, match="proxy"):
        proxy_address(typed)


# A proxy that is the only way out


@dataclass
class LoggingProxy:
    """A proxy for plain HTTP that knows the ports of outside names, and writes down each request."""

    names: dict[str, int]
    asked: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode()
        host = line.split(" ")[1].removeprefix("http://").removeprefix("ws://").split("/")[0]
        self.asked.append(line.split("?")[0].strip())
        there_reader, there = await asyncio.open_connection("127.0.0.1", self.names[host])
        there.write(line.encode())
        try:
            await asyncio.gather(_pipe(reader, there, host), _pipe(there_reader, writer, host))
        finally:
            there.close()
            writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
    """Passes everything on; the stand-in accepts only its own name."""
    try:
        while data := await reader.read(65536):
            writer.write(data.replace(f"Host: {host}\r\n".encode(), b"Host: 127.0.0.1\r\n"))
            await writer.drain()
    except ConnectionError:
        return
    finally:
        writer.close()


@asynccontextmanager
async def proxy(**names: int) -> AsyncIterator[LoggingProxy]:
    made = LoggingProxy({name.replace("_", "."): port for name, port in names.items()})
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


class Far(Rehearsal):
    """A stand-in that gives itself a name which only the proxy knows."""

    @property
    def base_url(self) -> str:
        return "http://slack.test"


async def test_the_whole_loop_runs_behind_a_proxy_that_is_the_only_way_out(tmp_path: Path) -> None:
    """Calls, uploads, response_urls and the socket: each uses the proxy, which alone knows the name."""
    async with Far() as slack, proxy(slack_test=slack.port) as way:
        environment = {**tokens(slack), "HTTP_PROXY": f"127.0.0.1:{way.port}"}
        async with bot(tmp_path, **environment) as process:
            await process.says("event=ready")
            assert "8 of 12 (67%)" in await Outside(slack).whole_loop()
            await Outside(slack).until(lambda: slack.calls_of("files.completeUploadExternal"))
            assert await process.stop() == 0
            assert "Traceback" not in process.output
        kinds = {line.split("slack.test/")[1].split("/")[0] for line in way.asked}
        assert kinds == {"api", "link", "actions", "upload"}
        assert slack.faults == []


async def test_with_no_proxy_the_whole_loop_goes_around_it(slack: Rehearsal, tmp_path: Path) -> None:
    """Not one connection goes to the proxy, which serves nobody."""
    async with proxy() as way:
        environment = {
            "HTTP_PROXY": f"http://127.0.0.1:{way.port}",
            "HTTPS_PROXY": f"http://127.0.0.1:{way.port}",
            "NO_PROXY": "localhost,127.0.0.1",
        }
        async with bot(tmp_path, **tokens(slack), **environment) as process:
            await process.says("event=ready")
            assert "8 of 12 (67%)" in await Outside(slack).whole_loop()
            assert await process.stop() == 0
        assert way.asked == []


@pytest.mark.parametrize("no_proxy", ["", "localhost,127.0.0.1"])
async def test_the_rehearsal_sends_nothing_to_a_proxy(no_proxy: str, tmp_path: Path) -> None:
    """Its traffic stays on this machine, whatever the environment says."""
    environment = {"HTTP_PROXY": "http://127.0.0.1:9", "https_proxy": "127.0.0.1:9", "NO_PROXY": no_proxy}
    environment |= {"PULSE_SAMPLE": "false", "PULSE_PAGE": str(free_port()), "SSL_CERT_FILE": "/nowhere"}
    async with bot(tmp_path, **environment) as process:
        await process.says("Ctrl+C ends it.")
        assert await process.stop() == 0


# The cause of what fails


async def cause(network: Network, url: str) -> str:
    wire = Wire(network)
    with pytest.raises(SlackFault) as fault:
        await wire.call(url, "xoxb-1", None, NEVER)
    assert not fault.value.certain
    return str(fault.value)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody trusts, with its key in the same file."""
    file = tmp_path / "inspecting.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run(
        [*made, "-keyout", str(file), "-out", str(tmp_path / "cert")], check=True, capture_output=True
    )
    file.write_text(file.read_text() + (tmp_path / "cert").read_text())
    return file


@asynccontextmanager
async def inspecting(certificate: Path) -> AsyncIterator[str]:
    """Slack behind a TLS-inspecting proxy: its Web API's address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "team_id": "T1", "bot_id": "B1"})

    app = web.Application()
    app.router.add_post("/api/{method}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}/api/"
    await runner.cleanup()


async def test_an_untrusted_certificate_is_named_and_its_fix(certificate: Path) -> None:
    """Behind an inspecting proxy "could not be reached" helped nobody."""
    async with inspecting(certificate) as api:
        said = await cause(Network(), f"{api}auth.test")
    assert "certificate" in said
    assert "SSL_CERT_FILE" in said


async def test_with_its_certificate_an_inspecting_proxy_is_trusted(certificate: Path) -> None:
    """SSL_CERT_FILE, from the environment or .env."""
    async with inspecting(certificate) as api:
        slack = Slack("xoxb-1", api, network=Network(certificates=certificate))
        assert (await slack.greet()).bot == "B1"


async def test_the_process_and_doctor_say_certificate(certificate: Path, tmp_path: Path) -> None:
    """In the log while it waits, and as doctor's finding."""
    async with inspecting(certificate) as api:
        environment = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": api}
        async with bot(tmp_path, **environment) as process:
            await process.says("certificate")
            assert await process.stop() == 0
        async with bot(tmp_path, "doctor", **environment) as doctor:
            assert await doctor.ends() == 1
            assert "certificate" in doctor.output
            assert "SSL_CERT_FILE" in doctor.output


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_without_certificates_is_refused(content: str | None, tmp_path: Path) -> None:
    """OpenSSL itself does not report it, and trusts nobody."""
    file = tmp_path / "certificates.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsFault, match=r"SSL_CERT_FILE.*certificates\.pem"):
        Wire(Network(certificates=file))


async def test_each_way_to_fail_is_told_apart(slack: Rehearsal) -> None:
    """Nobody listens, no such name, a proxy that is away, one that wants a password, no TLS at all."""
    nobody = Network(https_proxy="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9")
    slack.fail("auth.test", 407, body=b"")
    said = [
        await cause(Network(), "http://127.0.0.1:9/api/auth.test"),
        await cause(Network(), "http://nowhere.invalid/api/auth.test"),
        await cause(nobody, "https://slack.com/api/auth.test"),
        await cause(Network(), f"{slack.api_url}auth.test"),
        await cause(Network(), f"https://127.0.0.1:{slack.port}/api/auth.test"),
    ]
    assert len(set(said)) == 5
    assert [
        word in text for word, text in zip(("onnect", "name", "proxy", "password", "SSL"), said, strict=True)
    ]
