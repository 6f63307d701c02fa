"""What a photo's file says of itself, before anybody decodes it: a small file can have many pixels."""

from __future__ import annotations


def size_of(content: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG or PNG in pixels; None for anything else (ITU T.81, B.1.1.2, B.2.2; PNG, 11.2.1)."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if content[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # a marker may have more of them before it
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            # start of frame; not the tables that have numbers among them
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return None
