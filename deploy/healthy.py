"""Exit code 0 if the bot of this container is ready: its database takes writes and Slack is reached.

In Socket Mode the health port answers, in HTTP mode the port of Slack's requests.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request


def address() -> str:
    """The address at which the bot with this environment says whether it is ready."""
    socket_mode = os.environ.get("SLACK_APP_TOKEN")
    port = os.environ.get("PULSE_HEALTH_PORT", "8080") if socket_mode else os.environ.get("PORT", "3000")
    host = os.environ.get("PULSE_HOST") or "127.0.0.1"
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/readyz"  # noqa: S104 - compared, not bound


def main() -> int:
    """Asks, and says on standard error what is wrong."""
    try:
        # Always this machine, so never through a proxy of the environment.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(address(), timeout=4):
            return 0
    except urllib.error.HTTPError as error:
        problem = error.read().decode(errors="replace")
    except OSError as error:
        problem = f"The bot does not answer: {error}"
    sys.stderr.write(problem + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
