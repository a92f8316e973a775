"""Draws a chart as PNG, once for light and once for dark screens."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.report.charts.thumbnails import data_uri

_WIDTH_PX, _HEIGHT_PX = 520, 320
_PIXELS_PER_PX = 2
"""Pixels of the file per CSS pixel: screens of phones have two or three."""


@dataclass(frozen=True)
class Theme:
    """Colours of a chart; `page.css` has the same."""

    surface: str
    ink: str
    muted: str
    grid: str
    first: str
    second: str


LIGHT = Theme("#ffffff", "#1b2430", "#5b6775", "#e4e8ed", "#2563eb", "#c2410c")
DARK = Theme("#171d26", "#e8edf3", "#9aa7b5", "#2b3440", "#7aa7ff", "#ff9d5c")


@dataclass(frozen=True)
class Chart:
    """A chart, as PNGs for light and dark screens; its size on the page is in CSS pixels."""

    file: str
    alt: str
    light: bytes
    dark: bytes
    width: int
    height: int

    @property
    def light_uri(self) -> str:
        """The PNG for light screens as a data URI."""
        return data_uri("image/png", self.light)

    @property
    def dark_uri(self) -> str:
        """The PNG for dark screens as a data URI."""
        return data_uri("image/png", self.dark)


def draw(
    file: str,
    alt: str,
    plot: Callable[[Any, Theme], None],
    width: int = _WIDTH_PX,
    height: int = _HEIGHT_PX,
) -> Chart:
    """Draws a chart for light and dark screens; sizes are on the page, in CSS pixels.

    `plot` draws into matplotlib axes in the colours of a theme.
    """
    light, dark = (_draw_in(theme, plot, width, height) for theme in (LIGHT, DARK))
    return Chart(file, alt, light, dark, width, height)


def _draw_in(theme: Theme, plot: Callable[[Any, Theme], None], width: int, height: int) -> bytes:
    # The pyplot interface never frees figures and needs a display.
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    colours = {
        "figure.facecolor": theme.surface, "axes.facecolor": theme.surface,
        "axes.edgecolor": theme.muted, "axes.labelcolor": theme.muted, "text.color": theme.ink,
        "xtick.color": theme.muted, "ytick.color": theme.muted, "grid.color": theme.grid,
        "font.size": 11.5, "axes.spines.top": False, "axes.spines.right": False,
        "axes.grid": True, "axes.axisbelow": True, "legend.frameon": False,
    }  # fmt: skip
    with matplotlib.rc_context(colours), io.BytesIO() as file:
        # At 100 dots per inch, a CSS pixel is a hundredth of an inch.
        figure = Figure(figsize=(width / 100, height / 100), layout="constrained")
        FigureCanvasAgg(figure)
        plot(figure.subplots(), theme)
        figure.savefig(file, format="png", dpi=100 * _PIXELS_PER_PX)
        return file.getvalue()
