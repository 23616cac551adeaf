"""Generated environments and `.env` files: settings, or one sentence without a secret in it."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulse.core.errors import SettingsFault
from pulse.ops.settings import Settings, mode_of, read_settings
from tests.depth import also_soaked, length

SECRET = "xoxb-0123456789-abcdefghij"

names = st.sampled_from([name.upper() for name in Settings.model_fields])
dirt = st.sampled_from(
    [
        "",
        " ",
        "\n",
        '"',
        "'",
        "“",
        "”",
        "\u200b",
        "\ufeff",
        "Bearer ",
        "\u00a0",
        "–",
        "\t",
        "\udcff",
        "#",
        "$",
        "{",
    ]
)
wholes = st.sampled_from(
    [
        SECRET,
        *[
            "xapp-1",
            "3000",
            "tcp://10.0.0.1:3000",
            "70000",
            "-1",
            "INFO",
            "loud",
            "slack",
            "~",
            "~x/y",
            ":memory:",
            ".",
            "/",
            "socks5://a:1",
        ],
        *["proxy:3128", "http://[", "*", "true", "vielleicht", "https://slack.com/api", "0"],
    ]
)
typed = st.builds(lambda a, b, c, d: a + b + c + d, dirt, wholes | st.text(max_size=12), dirt, dirt)
environments = st.dictionaries(names, typed.filter(lambda value: "\0" not in value), max_size=6)
separators = st.sampled_from(["=", " = ", ": ", ":", " ", "==", "\t"])
lines = st.one_of(
    st.builds(
        lambda a, b, c, d: f"{a}{b}{c}{d}", st.sampled_from(["", "export ", " "]), names, separators, typed
    ),
    st.text(max_size=20),
    st.just("# a comment"),
)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
files = st.one_of(
    st.none(),
    st.binary(max_size=80),
    st.builds(
        lambda found, encoding: "\n".join(found).encode(encoding, errors="replace"),
        st.lists(lines, max_size=6),
        encodings,
    ),
)


@also_soaked
def test_whatever_is_typed_is_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    """No other exception; the sentence holds no secret; the file stays as it is."""
    file = tmp_path / ".env"
    kept, folder = dict(os.environ), Path.cwd()

    @settings(
        max_examples=length(1000, 20_000),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(environments, files)
    def each(environment: dict[str, str], content: bytes | None) -> None:
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_bytes(content)
        os.environ.clear()
        os.environ.update({"HOME": str(tmp_path), **environment})
        try:
            mode_of(read_settings())
        except SettingsFault as fault:
            assert str(fault).strip()
            assert SECRET not in str(fault)
        assert content is None or file.read_bytes() == content

    os.chdir(tmp_path)
    try:
        each()
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(kept)
    assert [found.name for found in tmp_path.iterdir() if found.name != ".env"] == []
