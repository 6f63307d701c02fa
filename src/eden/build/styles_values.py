"""Values of declarations as the runtime needs them: units, safe areas, addresses of package files."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from urllib.parse import quote as percent_encode
from urllib.parse import unquote

from eden.build.paths import normalize
from eden.build.styles_lexer import CLOSER, KINDS, is_space, unescape
from eden.build.styles_selectors import quote

#: rpx in one vw: 750 rpx are 100 vw
RPX_PER_VW = 7.5

_RPX = re.compile(r"([+-]?)([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)rpx", re.IGNORECASE)
_VH = re.compile(r"([+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)[sld]?vh", re.IGNORECASE)
_THEME = re.compile(r"prefers-color-scheme:(dark|light)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|#|$")

#: U+0002 and a theme's name stand for a media feature that is true under that theme
THEME_MARKER = "\x02"

Address = Callable[[str, int], str]


class _Values(dict[str, str]):
    """Lexeme → its text in a value. `space` is the text of white space and comments."""

    def __init__(self, heights: bool) -> None:
        super().__init__()
        self.heights = heights

    def __missing__(self, lexeme: str) -> str:
        if len(self) > 200_000:
            self.clear()
        text = self[lexeme] = self.rewrite(lexeme)
        return text

    def rewrite(self, lexeme: str) -> str:
        kind = KINDS[lexeme]
        if kind and kind in ";{}":
            return kind
        if lexeme[0] in " \t\n/" and is_space(lexeme):
            return " "
        if match := _RPX.fullmatch(lexeme):
            return _vw(match[1], match[2])
        if self.heights and (match := _VH.fullmatch(lexeme)):
            return f"{match[1]}cqh"
        return lexeme


#: for declarations: a page is a size container without the bars, so `vh` is `cqh`
VALUES = _Values(heights=True)
#: for media queries, where container units do not exist
MEDIA_VALUES = _Values(heights=False)


def _vw(sign: str, digits: str) -> str:
    """`digits` rpx in vw, at most five decimals, rounded up: browsers cut lengths to 1/64 px, so that 100 rpx would be
    49.98 px and not 50 on a phone of 375 px. A leading dot stays: it must not join the token before it.
    """
    size = float(digits) / RPX_PER_VW
    if not math.isfinite(size):
        return f"{sign}{digits}rpx"
    number = f"{math.ceil(size * 1e5 - 1e-6) / 1e5:.5f}".rstrip("0").rstrip(".")
    if digits[0] == ".":
        number = number.removeprefix("0") or ".0"
        if number[0] != ".":
            sign = sign or "+"
    elif number == "0" and sign == "-":
        sign = ""
    return f"{sign}{number}vw"


def rewrite_value(lexemes: Sequence[str], address: Address, values: _Values = VALUES) -> str:
    """Any component values. `address(reference, index)` gives the URL to write for a url() (`index` of its lexeme)."""
    out: list[str] = []
    at, end = 0, len(lexemes)
    while at < end:
        lexeme = lexemes[at]
        kind = KINDS[lexeme]
        if kind == "u":
            inner = lexeme[lexeme.index("(") + 1 : -1].strip(" \t\n")
            out.append(_url(lexeme, unescape(inner), address, at))
        elif kind == "f" and (string := _next(lexemes, at + 1)) < end and lexemes[string][0] in "\"'":
            out.append(_url(f"url({lexemes[string]})", unescape(lexemes[string][1:-1]), address, string))
            close = _next(lexemes, string + 1)
            at = close if close < end and lexemes[close] == ")" else string
            if at == string:  # url modifiers: keep the function open
                out[-1] = out[-1][:-1]
        elif kind == "e":
            close = _close(lexemes, at)
            name = _next(lexemes, at + 1)
            if name < close and lexemes[name].lower().startswith("safe-area-inset-"):
                inset = lexemes[name].lower()
                comma = _next(lexemes, name + 1)
                fallback = rewrite_value(lexemes[comma + 1 : close], address, values).strip() or "0px"
                out.append(f"var(--{inset},env({inset},{fallback}))")
                at = close
            else:
                out.append("env(")
        else:
            out.append(values[lexeme])
        at += 1
    return "".join(out)


def _url(token: str, reference: str, address: Address, index: int) -> str:
    replacement = address(reference, index)
    return token if replacement == reference else f"url({quote(replacement)})"


def _next(lexemes: Sequence[str], at: int) -> int:
    """Index of the first lexeme from `at` on that is neither white space nor a comment."""
    while at < len(lexemes) and is_space(lexemes[at]):
        at += 1
    return at


def _close(lexemes: Sequence[str], opener: int) -> int:
    """Index of the lexeme that closes the block opened at `opener`; the end when nothing does."""
    awaited: list[str] = []
    for index in range(opener, len(lexemes)):
        kind = KINDS[lexemes[index]]
        if kind in CLOSER:
            awaited.append(CLOSER[kind])
        elif awaited and kind == awaited[-1]:
            awaited.pop()
            if not awaited:
                return index
    return len(lexemes)


def rewrite_media(lexemes: Sequence[str]) -> str:
    """A media query list; `(prefers-color-scheme: dark)` becomes U+0002 and "dark", for the runtime to decide."""
    out: list[str] = []
    at = 0
    while at < len(lexemes):
        if lexemes[at] == "(":
            close = _close(lexemes, at)
            feature = "".join(lexeme for lexeme in lexemes[at + 1 : close] if not is_space(lexeme))
            if theme := _THEME.fullmatch(feature):
                out.append(THEME_MARKER + theme[1].lower())
                at = close + 1
                continue
        out.append(MEDIA_VALUES[lexemes[at]])
        at += 1
    return "".join(out).strip(" ")


def package_path(reference: str, base: str) -> str | None:
    """Program path that a url() names, `base` being the folder of its file; None when it is not a package file."""
    if _SCHEME.match(reference) or reference.startswith("//"):
        return None
    path = unquote(reference.split("#")[0].split("?")[0])
    return normalize(path if path.startswith("/") else f"{base}/{path}") or None


def package_url(path: str) -> str:
    return f"eden:/{percent_encode(path, safe='/!$&()*+,;=:@~-._')}"
