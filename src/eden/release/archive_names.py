"""Which names an entry of an archive may have, so that no device unpacks it anywhere else than it should.

A name is a relative path with "/" between its parts. Two names that some file system holds for one are refused:
compared in Unicode's form NFC and without case (APFS, NTFS, HFS+).
"""

from __future__ import annotations

import re
import unicodedata

#: bytes of UTF-8 of a whole name, and of one part of it (most file systems' bound)
NAME_BYTES = 1024
PART_BYTES = 255

_DRIVE = re.compile(r"[A-Za-z]:")


def refusal_of_name(name: str) -> str | None:
    """Why an entry may not be called this, as the end of a sentence; None when it may. Folders end in "/"."""
    if not name:
        return "has no name"
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        return "has a control character in its name"
    if "\\" in name:
        return "has a backslash in its name"
    if name.startswith("/"):
        return "has an absolute path"
    if _DRIVE.match(name):
        return "has a drive letter in its name"
    if len(name.encode()) > NAME_BYTES:
        return f"has a name of more than {NAME_BYTES} bytes"
    for part in name.removesuffix("/").split("/"):
        if part in ("", ".", ".."):
            return f'has a part "{part}" in its path'
        if len(part.encode()) > PART_BYTES:
            return f"has a part of more than {PART_BYTES} bytes in its path"
    return None


def folded(name: str) -> str:
    """The same text for names that some file system does not tell apart; no "/" at the end."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name.removesuffix("/")).casefold())


class Names:
    """The names of one archive so far; `add` finds the one that a new name would overwrite.

    A tree of parts: memory grows with the bytes of the names, however deep they are.
    """

    def __init__(self) -> None:
        #: (folder's number, folded part) → number of what is there
        self._places: dict[tuple[int, str], int] = {}
        #: by number: the name that was first there, and whether it is a file; 0 is the root
        self._found: list[tuple[str, bool]] = [("", False)]

    def add(self, name: str) -> str | None:
        """Remember the name. The earlier name that it collides with, or None."""
        is_folder = name.endswith("/")
        parts = folded(name).split("/")
        here = 0
        for number, part in enumerate(parts, 1):
            last = number == len(parts)
            known = self._places.get((here, part))
            if known is None:
                self._places[here, part] = known = len(self._found)
                self._found.append((name, last and not is_folder))
            else:
                other, is_file = self._found[known]
                if is_file or (last and not is_folder):
                    return other
            here = known
        return None
