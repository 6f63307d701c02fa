"""Colours of plots: told apart with every kind of colour vision, and seen on both grounds."""

from __future__ import annotations

import math
import re
from itertools import combinations
from pathlib import Path

import pytest

Colour = tuple[float, float, float]

SHEET = (Path(__file__).parents[2] / "container/console/console.css").read_text("utf-8")
#: how the missing kind of cone changes linear RGB: G. Machado, M. Oliveira, L. Fernandes, "A physiologically-based
#: model for simulation of color vision deficiency", IEEE TVCG 15(6), 2009, severity 1.0
VISION = {
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def tokens(theme: int) -> dict[str, str]:
    return {
        name: pair.split(", ")[theme] for name, pair in re.findall(r"--([a-z0-9-]+): light-dark\((#[^)]+)\)", SHEET)
    }


def linear(colour: str) -> Colour:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def luminance(colour: Colour) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    low, high = sorted((luminance(linear(one)), luminance(linear(other))))
    return (high + 0.05) / (low + 0.05)


def lab(colour: Colour) -> Colour:
    """CIE L*a*b* of linear RGB, with the white of D65."""
    red, green, blue = colour
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, luminance(colour), z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def seen(colour: str, vision: str) -> Colour:
    found = linear(colour)
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, found, strict=True)))) for row in VISION[vision]
    )
    return lab((red, green, blue))


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_of_plots_differ(theme: int, vision: str) -> None:
    colours = [value for name, value in tokens(theme).items() if name.startswith("plot-")]
    assert len(colours) == 6
    # 2.3 is a just noticeable difference; areas and thin lines need more
    assert min(math.dist(seen(a, vision), seen(b, vision)) for a, b in combinations(colours, 2)) > 15


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_of_plots_are_seen(theme: int) -> None:
    found = tokens(theme)
    for name, value in found.items():
        if name.startswith("plot-"):
            assert contrast(value, found["surface"]) >= 3, name
