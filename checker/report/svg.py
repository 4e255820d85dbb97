"""A small SVG writer that knows where its texts are.

In go shapes and lines of styled text, coordinates in pixels from the top left; out comes an SVG document.  Text widths are
upper bounds over the usual fonts, so that what fits here fits everywhere; every text line is kept as a box for tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

MONO = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
SANS = "'DejaVu Sans', 'Segoe UI', Helvetica, Arial, sans-serif"

MONO_ADVANCE = 0.625  # 0.602 in the font, but some renderers round advances to whole pixels
NARROW, WIDE = "ijlftr.,:;'|!()[]{} -`\"I", "mwMW@%—→"


def _sans_advance(c: str) -> float:
    if c in NARROW:
        return 0.42
    if c in WIDE:
        return 0.99
    return 0.72 if c.isupper() else 0.64


@dataclass(frozen=True)
class Style:
    """How text looks; ``size`` in pixels."""

    size: float = 11.5
    mono: bool = False
    bold: bool = False
    italic: bool = False
    fill: str = "#1f2937"

    def width(self, text: str) -> float:
        """An upper bound for the width of ``text`` in pixels."""
        if self.mono:
            return len(text) * MONO_ADVANCE * self.size
        return sum(map(_sans_advance, text)) * self.size * (1.08 if self.bold else 1.0)

    @property
    def height(self) -> float:
        """The height of a line."""
        return round(self.size * 1.38, 1)


@dataclass(frozen=True)
class Run:
    """Text in one style."""

    text: str
    style: Style


Line = tuple[Run, ...]


@dataclass(frozen=True)
class TextBox:
    """Where a line of text is: top left corner, size, and what it says."""

    x: float
    y: float
    width: float
    height: float
    text: str

    def overlaps(self, other: TextBox) -> bool:
        """Whether the two boxes share more than an edge."""
        return (
            self.x < other.x + other.width - 0.01
            and other.x < self.x + self.width - 0.01
            and self.y < other.y + other.height - 0.01
            and other.y < self.y + self.height - 0.01
        )


def line_width(line: Line) -> float:
    """An upper bound for the width of ``line``."""
    return sum(r.style.width(r.text) for r in line)


def line_height(line: Line) -> float:
    """The height of ``line``."""
    return max((r.style.height for r in line), default=0.0)


def wrap(line: Line, width: float, indent: float = 12.0) -> list[tuple[float, Line]]:
    """Break ``line`` at spaces (or inside words that are too long); pairs of left offset and line.

    Lines after the first are indented by ``indent``.
    """
    result: list[tuple[float, Line]] = []
    current: list[Run] = []
    for word in _words(line, width - indent):
        room = width - (indent if result else 0.0)
        if current and line_width(_trimmed([*current, *word])) > room:
            result.append((indent if result else 0.0, _trimmed(current)))
            current = []
        current += word
    if current:
        result.append((indent if result else 0.0, _trimmed(current)))
    return result


JOINTS = "(,=._"
"""Where a word that is too long is cut rather than elsewhere: behind one of these."""


def _words(line: Line, width: float) -> list[list[Run]]:
    """The words of ``line``, each with the space after it; a word may run over styles, and is cut at ``width``."""
    words: list[list[Run]] = []
    for run in line:
        for c in run.text:
            ended = bool(words) and words[-1][-1].text.endswith(" ") and c != " "
            if not words or ended:
                words.append([Run(c, run.style)])
                continue
            if line_width((*words[-1], Run(c.strip(" "), run.style))) > width:
                words.append(_cut(words[-1]))
            if words[-1] and words[-1][-1].style == run.style:
                words[-1][-1] = Run(words[-1][-1].text + c, run.style)
            else:
                words[-1].append(Run(c, run.style))
    return words


def _cut(word: list[Run]) -> list[Run]:
    """Take from ``word`` what is behind its last joint, and return it; nothing if it has none in its last style."""
    text, style = word[-1].text, word[-1].style
    at = max(text.rfind(joint, 0, -1) for joint in JOINTS) + 1
    if not at:
        return []
    word[-1] = Run(text[:at], style)
    return [Run(text[at:], style)]


def _trimmed(runs: list[Run]) -> Line:
    """Adjacent runs of one style joined, and no space at the end."""
    joined: list[Run] = []
    for r in runs:
        if joined and joined[-1].style == r.style:
            joined[-1] = Run(joined[-1].text + r.text, r.style)
        else:
            joined.append(r)
    joined[-1] = Run(joined[-1].text.rstrip(" "), joined[-1].style)
    return tuple(r for r in joined if r.text)


@dataclass
class Canvas:
    """Collects shapes and texts; later ones are drawn on top of earlier ones of the same layer.

    Layers from bottom to top: ``back``, ``lines``, ``front``.
    """

    width: float
    height: float = 0.0
    title: str = ""
    texts: list[TextBox] = field(default_factory=list)
    layers: dict[str, list[str]] = field(default_factory=lambda: {"back": [], "lines": [], "front": []})

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str,
        stroke: str = "none",
        radius: float = 0.0,
        layer: str = "front",
        dash: str = "",
        css: str = "",
    ) -> None:
        """A rectangle; ``css`` is its class, for readers of the document."""
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        self.layers[layer].append(
            f'<rect{_class(css)} x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(radius)}" '
            f'fill="{fill}" stroke="{stroke}"{extra}/>'
        )

    def path(
        self, d: str, *, stroke: str, width: float = 1.0, dash: str = "", fill: str = "none", layer: str = "lines", css: str = ""
    ) -> None:
        """A path in SVG's own notation."""
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        line = f'fill="{fill}" stroke="{stroke}" stroke-width="{_n(width)}"{extra}'
        self.layers[layer].append(f'<path{_class(css)} d="{d}" {line}/>')

    @contextmanager
    def tooltip(self, text: str, link: str = "") -> Iterator[None]:
        """Whatever is drawn in front meanwhile shows ``text`` when the mouse rests on it, and leads to ``link``."""
        front = self.layers["front"]
        element = f"a href={quoteattr(link)}" if link else "g"
        front.append(f"<{element}><title>{escape(text)}</title>")
        yield
        front.append(f"</{element[:1]}>")

    def text(self, x: float, y: float, line: Line, *, css: str = "", right: bool = False) -> None:
        """A line of text whose box has its top left corner (top right with ``right``) at ``x, y``."""
        height, width = line_height(line), line_width(line)
        self.texts.append(TextBox(x - width if right else x, y, width, height, "".join(r.text for r in line)))
        anchor = ' text-anchor="end"' if right else ""
        spans = "".join(f"<tspan{_font(r.style)}>{escape(r.text)}</tspan>" for r in line)
        self.layers["front"].append(
            f'<text{_class(css)} x="{_n(x)}" y="{_n(y + height * 0.76)}"{anchor} xml:space="preserve">{spans}</text>'
        )

    def paragraph(self, x: float, y: float, width: float, line: Line, *, css: str = "") -> float:
        """Text wrapped to ``width``, its first line at ``x, y``; returns the y below it."""
        return self.pieces(x, y, wrap(line, width), css=css)

    def pieces(self, x: float, y: float, pieces: Sequence[tuple[float, Line]], *, css: str = "") -> float:
        """Lines as ``wrap`` gives them, one below the other from ``x, y``; returns the y below them."""
        for offset, piece in pieces:
            self.text(x + offset, y, piece, css=css)
            y += line_height(piece)
        return y

    def vertical_text(self, x: float, y: float, run: Run) -> None:
        """Text on white, read from bottom to top, that ends at the top at ``y``; ``x`` is its left edge."""
        length = run.style.width(run.text)
        self.rect(x, y, run.style.height, length, fill="#ffffff")
        self.texts.append(TextBox(x, y, run.style.height, length, run.text))
        at = f"translate({_n(x + run.style.height * 0.76)} {_n(y)}) rotate(-90)"
        self.layers["front"].append(
            f'<text transform="{at}" text-anchor="end"{_font(run.style)} xml:space="preserve">{escape(run.text)}</text>'
        )

    def render(self) -> str:
        """The document, ending with a newline."""
        body = "\n".join(shape for layer in self.layers.values() for shape in layer)
        size = f'width="{_n(self.width)}" height="{_n(self.height)}" viewBox="0 0 {_n(self.width)} {_n(self.height)}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n<title>{escape(self.title)}</title>\n'
            f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
        )


def _class(css: str) -> str:
    return f" class={quoteattr(css)}" if css else ""


def _font(style: Style) -> str:
    family = MONO if style.mono else SANS
    weight = ' font-weight="bold"' if style.bold else ""
    slant = ' font-style="italic"' if style.italic else ""
    return f' font-family="{family}" font-size="{_n(style.size)}"{weight}{slant} fill="{style.fill}"'


def _n(value: float) -> str:
    """A coordinate without noise digits."""
    return f"{round(value, 1):g}"
