"""WXS modules: WeChat's scripting for templates, close enough to JavaScript to run as it with one rewrite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from eden.build.paths import folder_of, normalize

#: in WXS `x.constructor` is the name of a type; the runtime answers it under another name
_CONSTRUCTOR = re.compile(r"\.(\s*)constructor\b")
_REQUIRE = re.compile(r"""\brequire\s*\(\s*(?:"([^"\n]+)"|'([^'\n]+)')\s*\)""")


def rewrite(source: str) -> str:
    """Source as the runtime wants it; ends with a line break so that a last comment cannot swallow what follows."""
    return _CONSTRUCTOR.sub(r".\1$wxsConstructor", source) + "\n"


def requires(source: str) -> Iterator[tuple[str, int]]:
    """(specifier, offset) of each require()."""
    for match in _REQUIRE.finditer(source):
        yield match[1] or match[2], match.start()


def resolve(specifier: str, owner: str) -> str:
    """Name under which a WXS module looks up another: as the template runtime joins it, extension kept."""
    return normalize(specifier if specifier.startswith("/") else folder_of(owner) + specifier)


def definitions(names: Iterable[str], body: str) -> Iterator[str]:
    """Statements that register one module under all its names (with and without extension)."""
    first, *others = names
    yield f"R[{quote(first)}]=D({quote(first)},(require,exports,module)=>{{{body}}})"
    for name in others:
        yield f"R[{quote(name)}]=D({quote(name)},(require,exports,module)=>{{module.exports=R[{quote(first)}]()}})"


def quote(text: str) -> str:
    """A JavaScript string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
