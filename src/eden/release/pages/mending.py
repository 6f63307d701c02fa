"""Forms that come back: what has to be mended, in the reader's language, with everything that was filled in.

A form with a file is sent by a script that keeps it on the page (`container/console/upload.ts`), so only the list of
mistakes is sent back then: the file need not be chosen again.
"""

from __future__ import annotations

import re
from typing import Any

from litestar import Response

from eden.base.problems import Problem
from eden.console.forms import Form
from eden.console.http import html, wants_part
from eden.release.pages.desk import Desk

#: field and sentence
Mistake = tuple[str, str]

#: code and field of problems that have a sentence in both languages
_SAID = frozenset(
    {
        "bad-package.file", "conflict.add", "conflict.file", "conflict.key", "conflict.name",
        "invalid.app_versions", "invalid.code", "invalid.comment", "invalid.description",
        "invalid.fallback_url", "invalid.file", "invalid.key", "invalid.main_url", "invalid.name",
        "invalid.native", "invalid.seconds", "invalid.threshold", "invalid.title_en", "invalid.url",
        "invalid.version", "invalid.virtual_host", "too-large.file", "unsafe-archive.file",
        "version-exists.version", "version-state.comment", "version-state.name", "version-state.reason",
    }
)  # fmt: skip

#: fields of the API that are called otherwise in forms
_FIELDS = {
    "h5.virtual_host": "virtual_host",
    "h5.fallback_url": "fallback_url",
    "h5.main_url": "main_url",
    "h5": "virtual_host",
    "native.texts": "title_en",
    "native.url": "url",
    "body": "file",
    "line": "file",
}
_LINE = re.compile(r"line ([0-9]+)")

#: what a form shows of its mistakes at once
_MOST = 20


class Filled:
    """A form as it is shown: texts by name, and what has to be mended."""

    def __init__(self, form: Form | None = None, errors: list[Mistake] | None = None) -> None:
        self._form = form
        self.errors = (errors or [])[:_MOST]
        self._by_field = dict(reversed(self.errors))

    def one(self, name: str, usual: str = "") -> str:
        """The field's text; `usual` when no form with such a field has been sent."""
        return usual if self._form is None else self._form.one(name, usual)

    def all(self, name: str, usual: tuple[str, ...] = ()) -> tuple[str, ...]:
        return usual if self._form is None else tuple(self._form.all(name))

    def error(self, name: str) -> str:
        return self._by_field.get(name, "")


def mistakes(problem: Problem, desk: Desk, field: str = "") -> list[Mistake]:
    """Field and sentence of everything that is wrong; `field` is that of a problem which names none."""
    if not problem.errors:
        return [(field, _said(desk, problem, field))]
    found = []
    for name, sentence in problem.errors:
        if line := _LINE.fullmatch(name):
            found.append((field, desk.t("release.mend.line", line=int(line[1]), sentence=sentence)))
            continue
        name = _FIELDS.get(name, name.removeprefix("native.").partition(".")[0].partition("[")[0])
        found.append((name, _said(desk, Problem(problem.code, sentence), name)))
    return found


def _said(desk: Desk, problem: Problem, field: str) -> str:
    known = f"{problem.code}.{field}"
    if known not in _SAID:
        return desk.told(problem)
    return desk.t(f"release.mend.{known}", sentence=f"{problem.sentence} {problem.hint}".strip())


def form_page(desk: Desk, path: str, template: str, /, filled: Filled, **values: Any) -> Response[bytes]:
    """The page at `path` with a form. Where something has to be mended, with status 422; only the mistakes where the
    form is still on the page."""
    if not filled.errors:
        return desk.page(template, filled=filled, **values)
    if wants_part(desk.request):
        content = desk.console.render(desk.view, "release/mistakes.html", filled=filled)
        return html(content, status=422, headers={"HX-Retarget": "#flashes", "HX-Reswap": "innerHTML"})
    return desk.at(path).page(template, status=422, filled=filled, **values)
