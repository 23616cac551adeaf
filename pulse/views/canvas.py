"""A sheet to draw on, with matplotlib's Figure behind it: text, boxes and lines in pixels from the top.

The sheet is 720 pixels wide, which Slack shows at 360 on a phone: type is never under 21, so that it stays
above 10 there. The paper is light and framed, so that it reads in dark Slack too. Colours are two of Okabe
and Ito's ("Color Universal Design", 2008); the sides also differ in shape and dash.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from matplotlib import rc_context
from matplotlib.backends import backend_agg, backend_pdf
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.patches import Rectangle

from pulse.core.model import Side

# matplotlib types neither its renderers nor its canvases.
_agg: Any = backend_agg
_pdf: Any = backend_pdf

WIDTH, PAD = 720, 32
LEFT, RIGHT = PAD, WIDTH - PAD
HEAD, BODY, SMALL = 29, 24, 21
INK, GREY, RULE, PAPER, FRAME = "#1D1C1D", "#565B62", "#DFE2E6", "#FFFFFF", "#C9CDD2"
COLOUR = {Side.MARKETING: "#D55E00", Side.IT: "#0072B2"}
MARKER = {Side.MARKETING: "o", Side.IT: "s"}


class Canvas:
    """A sheet that is written from the top; `y`, counted downwards, is where the next thing goes."""

    def __init__(self, width: int = WIDTH) -> None:
        self._width, self.left, self.right = width, PAD, width - PAD
        self._figure = Figure(dpi=72)
        self._canvas = _agg.FigureCanvasAgg(self._figure)
        self.ax: Any = self._figure.add_axes((0, 0, 1, 1))
        self.ax.set_axis_off()
        self.ax.set_xlim(0, width)
        self._pen = _agg.RendererAgg(1, 1, 72)
        self._widths: dict[tuple[str, float, bool], float] = {}
        self.y = float(PAD)

    def down(self, by: float) -> None:
        self.y += by

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """How wide a line of text is, in pixels. Each text is measured once: most come again."""
        key = (text, size, bold)
        if key not in self._widths:
            wide, _high, _deep = self._pen.get_text_width_height_descent(
                drawable(text), _font(text, size, bold), False
            )
            self._widths[key] = float(wide)
        return self._widths[key]

    def text(self, x: float, y: float, text: str, size: float, **look: Any) -> None:
        """Writes one line; `y` is its middle."""
        font = _font(text, size, look.pop("bold", False))
        self.ax.text(
            x,
            y,
            drawable(text),
            fontproperties=font,
            color=look.pop("colour", INK),
            va="center_baseline",
            parse_math=False,
            **look,
        )

    def paragraph(self, text: str, size: float, bold: bool = False, colour: str = INK) -> None:
        """Writes text from margin to margin, on as many lines as it needs."""
        line = size * 1.35
        for words in self.wrapped(text, size, self.right - self.left, bold=bold):
            self.text(self.left, self.y + line / 2, words, size, bold=bold, colour=colour)
            self.down(line)

    def wrapped(self, text: str, size: float, room: float, *, bold: bool = False) -> list[str]:
        """The text in lines of at most `room` pixels; a wider word is cut.

        A no-break space keeps its words together.
        """
        lines: list[str] = []
        wide, space = 0.0, self._advance(" ", size, bold)
        for word in _BREAKS.split(text.strip()):
            for part in self._parts(word, size, room, bold):
                added = self._advance(part, size, bold)
                if lines and wide + space + added <= room:
                    lines[-1] = f"{lines[-1]} {part}"
                    wide += space + added
                else:
                    lines.append(part)
                    wide = added
        return lines

    def _advance(self, text: str, size: float, bold: bool) -> float:
        """How far a piece of text moves what follows it, its own white edges included."""
        return self.width(f"x{text}x", size, bold) - self.width("xx", size, bold)

    def _parts(self, word: str, size: float, room: float, bold: bool) -> list[str]:
        if self.width(word, size, bold) <= room:
            return [word]
        parts = [""]
        for letter in word:
            if parts[-1] and self.width(parts[-1] + letter, size, bold) > room:
                parts.append("")
            parts[-1] += letter
        return parts

    def box(self, x: tuple[float, float], y: tuple[float, float], **look: Any) -> None:
        self.ax.add_patch(Rectangle((x[0], y[0]), x[1] - x[0], y[1] - y[0], **look))

    def line(self, x: Sequence[float], y: Sequence[float], **look: Any) -> None:
        look = {"color": INK, "linewidth": 2, "solid_capstyle": "butt", "dash_capstyle": "butt", **look}
        self.ax.plot(x, y, **look)

    def png(self) -> bytes:
        """A PNG as high as the sheet's content, without a date or a version in it."""
        height = round(self.y + PAD * 0.75)
        self._sized(height)
        frame = {"facecolor": PAPER, "edgecolor": FRAME, "linewidth": 2, "zorder": 0}
        self.box((1, self._width - 1), (1, height - 1), **frame)
        out = io.BytesIO()
        self._canvas.print_png(out, metadata={"Software": None})
        return out.getvalue()

    @property
    def page_height(self) -> int:
        """How high a page of A4 is, in pixels of this sheet's width."""
        return round(self._width * A4_INCHES[1] / A4_INCHES[0])

    @property
    def fits_page(self) -> bool:
        """Whether all that is written so far fits within the margins of one page of A4."""
        return self.y <= self.page_height - PAD

    def pdf(self) -> bytes:
        """The sheet as one page of A4 with searchable text, without a date or a version in it.

        Raises ValueError if the content is longer than the page.
        """
        if not self.fits_page:
            raise ValueError(f"The page is too long: {self.y:.0f} of {self.page_height - PAD} pixels.")
        self._sized(self.page_height)
        self._figure.set_size_inches(*A4_INCHES)
        # Sizes of type and strokes are points, and on A4 one pixel of the sheet is less than a point.
        scale = A4_INCHES[0] * 72 / self._width
        for written in self.ax.texts:
            written.set_fontsize(written.get_fontsize() * scale)
        for stroke in self.ax.lines:
            stroke.set_linewidth(stroke.get_linewidth() * scale)
            stroke.set_markersize(stroke.get_markersize() * scale)
            stroke.set_markeredgewidth(stroke.get_markeredgewidth() * scale)
        out = io.BytesIO()
        with rc_context({"pdf.fonttype": 42}):
            _pdf.FigureCanvasPdf(self._figure).print_pdf(out, metadata=_NO_METADATA)
        return out.getvalue()

    def _sized(self, height: int) -> None:
        self._figure.set_size_inches(self._width / 72, height / 72)
        self.ax.set_ylim(height, 0)


_BREAKS = re.compile(r"[^\S\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]+")
A4_INCHES = (8.27, 11.69)
_NO_METADATA = {"Creator": None, "Producer": None, "CreationDate": None}
FAMILY = "DejaVu Sans"
"""The font that comes with matplotlib: the same picture on every machine."""
_NOT_LETTERS = {"Last Resort High-Efficiency"}
"""Comes with matplotlib too, and draws a box for every letter."""


def drawable(text: str) -> str:
    """The text with a replacement mark for each letter that no installed font has."""
    missing = _missing(text)
    if not missing:
        return text
    covered = frozenset[str]().union(*(_letters(family) for family in _fallbacks(missing)))
    return "".join(letter if letter not in missing or letter in covered else "\ufffd" for letter in text)


def _font(text: str, size: float, bold: bool) -> FontProperties:
    """DejaVu Sans, and behind it installed fonts for what it lacks (Chinese, Hindi, Japanese, Thai)."""
    families = [FAMILY, *_fallbacks(_missing(text))]
    return FontProperties(family=families, weight="bold" if bold else "normal", size=size)


def _missing(text: str) -> frozenset[str]:
    return frozenset(text) - _letters(FAMILY)


@cache
def _fallbacks(missing: frozenset[str]) -> tuple[str, ...]:
    """Installed families that have these letters: first the one with most of them, then for the rest."""
    families = sorted({font.name for font in fontManager.ttflist} - _NOT_LETTERS)
    found: list[str] = []
    while missing:
        best = max(families, key=lambda family: len(missing & _letters(family)), default="")
        if not missing & _letters(best):
            break
        found.append(best)
        missing -= _letters(best)
    return tuple(found)


@cache
def _letters(family: str) -> frozenset[str]:
    if not family:
        return frozenset()
    return frozenset(map(chr, get_font(findfont(FontProperties(family=[family]))).get_charmap()))
