"""The typeface of what the bank prints: WenQuanYi Micro Hei (Apache License 2.0), with Chinese and Latin letters.

It comes inside OpenCV's library, gzipped, as that draws with it, so no font is shipped. Files carry the letters that
they use: readers of PDF need none.
"""

from __future__ import annotations

import importlib.util
import io
import mmap
import zlib
from functools import lru_cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from eden.base.errors import EdenError

#: as texts for reportlab name it
NAME = "WenQuanYiMicroHei"
#: a gzip member's header ends with the name of the file (RFC 1952): ten bytes stand before it
_MEMBER, _HEADER = b"WenQuanYiMicroHei.ttf\0", 10
#: more than the member has, 2.1 MB
_MOST = 8 << 20


def ready() -> str:
    """The name under which reportlab has it; the first call of a process takes 0.2 s."""
    pdfmetrics.registerFont(_font())
    return NAME


def writable(text: str) -> str:
    """The text with letters that the typeface does not have, as of rare names, as 〔U+20BB7〕: a box says nothing."""
    known = _font().face.charToGlyph
    return "".join(letter if ord(letter) in known else f"〔U+{ord(letter):04X}〕" for letter in text)


def fitted(text: str, size: float, width: float) -> str:
    """The text as it fits into a width, in points; what is cut ends with …"""
    shown = writable(text)
    while shown and pdfmetrics.stringWidth(shown, NAME, size) > width:
        shown = f"{shown[:-2]}…" if len(shown) > 1 else ""
    return shown


@lru_cache(maxsize=1)
def _font() -> TTFont:
    return TTFont(NAME, io.BytesIO(_bytes()))


def _bytes() -> bytes:
    found = importlib.util.find_spec("cv2")
    folder = Path(found.origin).parent if found is not None and found.origin else Path()
    for file in sorted((*folder.glob("cv2*.so"), *folder.glob("cv2*.pyd"))):
        with file.open("rb") as library, mmap.mmap(library.fileno(), 0, access=mmap.ACCESS_READ) as content:
            at = content.find(_MEMBER) - _HEADER
            if at >= 0:
                return zlib.decompressobj(wbits=31).decompress(content[at : at + _MOST])
    raise EdenError(
        "bank-typeface",
        "OpenCV's library does not have the typeface that contracts are printed in.",
        "Install opencv-python-headless as requirements.lock has it (5.0 or later).",
    )
