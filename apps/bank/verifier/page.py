"""`/verify`: the page as one file, with the ledger's public keys in it. Whoever keeps it needs the bank no more."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from bank.web import Reply

_HERE = Path(__file__).parent
_SCRIPTS = ("verify.js", "page.js")
#: the bank's other pages for customers look so, too
_STYLES = (_HERE.parent / "openbank" / "templates" / "page.css", _HERE / "page.css")


def page(keys: Sequence[str]) -> Reply:
    """For these public keys, the newest last."""
    return _made(tuple(keys))


# anybody may ask for it, and keys change once in years
@lru_cache(1)
def _made(keys: tuple[str, ...]) -> Reply:
    script = "\n".join((_HERE / name).read_text() for name in _SCRIPTS)
    style = "\n".join(path.read_text() for path in _STYLES)
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        (_HERE / "page.html").read_text()
    )
    # script and style are the bank's own, and escaped they would be none
    html = template.render(keys="\n".join(keys), script=Markup(script), style=Markup(style))
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )
    headers = (
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
    )
    return Reply(html.encode(), b"text/html; charset=utf-8", headers=headers)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
