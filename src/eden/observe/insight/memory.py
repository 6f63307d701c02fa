"""Memory of the process: what an idle one does not need, and what nobody looks through.

The engine is a library of half a gigabyte, of which the kernel maps 180 MB when it is opened, most of it never used
again. The pages are unchanged copies of a file: given back, those that are needed come again from the page cache.
"""

from __future__ import annotations

import ctypes
import gc
import re
import sys
from collections.abc import Iterator

_DONT_NEED = 4
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+\s*(.*)")
_ANONYMOUS = re.compile(r"Anonymous:\s+(\d+) kB")


def collect_garbage() -> None:
    """From now on. What there is was loaded, and stays."""
    gc.freeze()
    gc.enable()


def release_code(library: str) -> int:
    """Give back the pages of the code and constants of a shared library, by a part of its file's name; bytes of its
    mappings. Only on Linux; elsewhere nothing."""
    if not sys.platform.startswith("linux"):
        return 0
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    released = 0
    for begin, end in _clean_mappings(library):
        if madvise(begin, end - begin, _DONT_NEED) == 0:
            released += end - begin
    return released


def _clean_mappings(library: str) -> Iterator[tuple[int, int]]:
    """Those that nobody can write to and of which no page was changed: a changed one (by the dynamic linker) would be
    lost."""
    current: tuple[int, int] | None = None
    found: list[tuple[int, int]] = []
    with open("/proc/self/smaps", encoding="utf-8", errors="replace") as file:
        for line in file:
            if (mapping := _MAPPING.match(line)) is not None:
                begin, end, rights, path = mapping.groups()
                wanted = library in path.rpartition("/")[2] and rights in ("r-xp", "r--p")
                current = (int(begin, 16), int(end, 16)) if wanted else None
            elif current is not None and (anonymous := _ANONYMOUS.match(line)) is not None and anonymous[1] == "0":
                found.append(current)
    # not while the list of mappings is being read
    yield from found
