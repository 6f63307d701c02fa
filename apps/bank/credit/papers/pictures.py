"""Photos: are they good enough to be read, and the card in them, upright.

Images are arrays as OpenCV has them: height × width × 3, blue green red, bytes.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from msgspec import Struct

from bank.photos import size_of

Image = np.ndarray[Any, np.dtype[np.uint8]]

#: bytes and pixels of a photo: larger ones are not decoded (a small file can have many pixels)
MOST_BYTES: Final = 12 * 1024 * 1024
MOST_PIXELS: Final = 40_000_000
#: the shorter side, below which small print cannot be read
LEAST_SIDE: Final = 360
#: variance of the Laplacian at a width of 1,000: generated cards have 500 and more, blurred by 4 pixels below 30
LEAST_SHARP: Final = 40.0
#: share of the card that is burnt out in one spot, in percent
MOST_GLARE: Final = 4.0
DARK: Final = 60.0
#: a card of ID-1 format (ISO/IEC 7810: 85.60 × 53.98 mm)
CARD: Final = (1_000, 631)
#: more than this is turned upright
_TILT: Final = 0.4

PROBLEMS: Final = {
    "unreadable": ("无法识别的图片。", "This is not a picture."),
    "small": ("图片过小，请靠近拍摄。", "The picture is too small: come closer."),
    "blurred": ("图片模糊，请拿稳后重拍。", "The picture is blurred: hold still and take it again."),
    "glare": ("图片反光，请换个角度重拍。", "There is a reflection: take it from another angle."),
    "dark": ("光线过暗，请到亮处重拍。", "It is too dark: go where there is more light."),
}


class Quality(Struct, frozen=True):
    """`sharp`: variance of the Laplacian; `glare`: percent burnt out; `light`: mean 0 to 255; what is wrong with it."""

    width: int
    height: int
    sharp: float
    glare: float
    light: float
    problems: tuple[str, ...]


def decode(content: bytes) -> Image | None:
    """The picture in a JPEG or PNG file; None when there is none, or it is too large."""
    size = size_of(content) if len(content) <= MOST_BYTES else None
    if size is None or size[0] * size[1] > MOST_PIXELS:
        return None
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return None if picture is None else np.asarray(picture, np.uint8)


def quality(picture: Image) -> Quality:
    """What a picture is like, and whether somebody should take it again."""
    height, width = picture.shape[:2]
    grey = cv2.cvtColor(_scaled(picture), cv2.COLOR_BGR2GRAY)
    sharp = float(cv2.Laplacian(grey, cv2.CV_64F).var())
    burnt = (grey >= 253).astype(np.uint8)
    # single white pixels are paper; a reflection is one spot
    spots = cv2.morphologyEx(burnt, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(spots)
    largest = max((int(stats[index, cv2.CC_STAT_AREA]) for index in range(1, count)), default=0)
    glare = 100 * largest / grey.size
    light = float(grey.mean())
    wrong = {
        "small": min(width, height) < LEAST_SIDE,
        "blurred": sharp < LEAST_SHARP,
        "glare": glare > MOST_GLARE,
        "dark": light < DARK,
    }
    problems = tuple(name for name, is_so in wrong.items() if is_so)
    return Quality(width, height, round(sharp, 1), round(glare, 2), round(light, 1), problems)


def straighten(picture: Image) -> tuple[Image, float]:
    """The card alone, upright, 1,000 pixels wide; and by how many degrees it was turned.

    Where no card's edge is seen, the whole picture is turned by the slope of its lines of print.
    """
    corners = _corners(picture)
    if corners is not None:
        top = corners[1] - corners[0]
        width, height = CARD
        target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        matrix = cv2.getPerspectiveTransform(corners, target)
        flat = cv2.warpPerspective(picture, matrix, CARD, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(flat, np.uint8), round(float(np.degrees(np.arctan2(top[1], top[0]))), 2)
    scaled = _scaled(picture)
    angle = _slope(scaled)
    if abs(angle) < _TILT:
        return scaled, 0.0
    height, width = scaled.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turned = cv2.warpAffine(scaled, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8), round(angle, 2)


def _scaled(picture: Image) -> Image:
    height, width = picture.shape[:2]
    factor = CARD[0] / width
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (CARD[0], max(1, round(height * factor))), interpolation=kind), np.uint8)


def _corners(picture: Image) -> np.ndarray[Any, np.dtype[np.float32]] | None:
    """The card's corners, from the upper left clockwise: the largest four-cornered thing of a card's shape."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    _, mask = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    side = max(9, round(min(grey.shape) * 0.05)) | 1
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:3]:
        share = cv2.contourArea(contour) / grey.size
        if not 0.2 < share < 0.97:
            continue
        shape = cv2.approxPolyDP(contour, 0.03 * cv2.arcLength(contour, True), True)
        if len(shape) != 4 or not cv2.isContourConvex(shape):
            continue
        ordered = _clockwise(shape.reshape(4, 2).astype(np.float32))
        width = float(np.linalg.norm(ordered[1] - ordered[0]))
        height = float(np.linalg.norm(ordered[3] - ordered[0]))
        if height and 1.3 < width / height < 1.9:
            return ordered
    return None


def _clockwise(points: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    total, difference = points.sum(axis=1), points[:, 0] - points[:, 1]
    order = [total.argmin(), difference.argmax(), total.argmax(), difference.argmin()]
    return np.asarray(points[order], np.float32)


def _slope(picture: Image) -> float:
    """Degrees by which the lines of print run downwards: the turn that makes their rows sharpest."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 15)
    small = cv2.resize(ink, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    height, width = small.shape

    def sharpness(angle: float) -> float:
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        rows = cv2.warpAffine(small, matrix, (width, height)).sum(axis=1, dtype=np.float64)
        return float(np.square(np.diff(rows)).sum())

    coarse = max(np.arange(-10, 10.5, 1.0), key=lambda angle: sharpness(float(angle)))
    return float(max(np.arange(coarse - 0.8, coarse + 0.9, 0.2), key=lambda angle: sharpness(float(angle))))
