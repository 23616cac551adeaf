"""Makes the link that creates the app from manifest.yml with one click, and puts it into the README.

python docs/make_manifest_link.py            prints the link
python docs/make_manifest_link.py --write    writes it into README.md, in place of the old one
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"https://api\.slack\.com/apps\?new_app=1&manifest_yaml=[\w%.~-]+")


def manifest_link(manifest: str) -> str:
    """The link for a manifest in YAML; comments are left out, because the address is long enough.

    >>> manifest_link("a:\\n  - b  # why\\n")
    'https://api.slack.com/apps?new_app=1&manifest_yaml=a%3A%0A%20%20-%20b%0A'
    """
    lines = [re.sub(r"(^|\s+)# .*$", "", line) for line in manifest.splitlines()]
    text = "".join(f"{line}\n" for line in lines if line.strip())
    return f"https://api.slack.com/apps?new_app=1&manifest_yaml={quote(text, safe='')}"


def main(arguments: list[str]) -> int:
    link = manifest_link((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    if arguments == ["--write"]:
        readme = ROOT / "README.md"
        text, written = LINK.subn(link, readme.read_text(encoding="utf-8"))
        readme.write_text(text, encoding="utf-8")
        return 0 if written else 1
    sys.stdout.write(f"{link}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
