"""Forms of the console: what was filled in, and what has to be mended, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from markupsafe import Markup

from eden.base.problems import Problem
from eden.console.view import ViewContext
from eden.console.visit import Visit

T = TypeVar("T", bound=msgspec.Struct)

#: bytes of a form; none of ours has a file
LARGEST_FORM = 50_000

#: passwords keep their spaces, and are never sent back
_SECRETS = frozenset({"password", "current", "new"})

#: what can be said in the reader's language: code and field of a problem
_SAID = frozenset(
    {
        "conflict.email", "conflict.name", "conflict.slug", "forbidden.scopes", "invalid.current", "invalid.days",
        "invalid.email", "invalid.locale", "invalid.name", "invalid.new", "invalid.password",
        "invalid.retention_days", "invalid.roles", "invalid.scopes", "invalid.slug",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """A form that came in. `values` has texts and, for fields that are lists, tuples of texts."""

    values: dict[str, Any]
    errors: tuple[tuple[str, str], ...] = ()

    def error(self, name: str) -> str:
        """What is wrong with a field; "" when nothing is."""
        return next((sentence for field, sentence in self.errors if field == name), "")

    @property
    def status(self) -> int:
        """Of the page that shows the form: 422 for one that has to be mended (RFC 9110, section 15.5.21)."""
        return 422 if self.errors else 200


EMPTY = Form({})


async def read_form(visit: Visit, *, lists: Sequence[str] = ()) -> dict[str, Any]:
    """The fields as texts without space around them; those of `lists` as tuples, empty when nothing was chosen."""
    form = await visit.request.form()
    values: dict[str, Any] = {}
    for name in form:
        given = [value for value in form.getall(name) if isinstance(value, str)]
        if "\0" in "".join(given):
            raise Problem("invalid", "The form has a character that is never used (NUL).")
        values[name] = tuple(given) if name in lists else (given or [""])[0]
    for name in lists:
        values.setdefault(name, ())
    return {
        name: value.strip() if isinstance(value, str) and name not in _SECRETS else value
        for name, value in values.items()
    }


def checked(values: dict[str, Any], of: type[T]) -> T:
    """The values as what the API takes, with the same rules. Problem `invalid` with the field otherwise."""
    known = {info.name for info in msgspec.structs.fields(of)}
    try:
        return msgspec.convert({name: value for name, value in values.items() if name in known}, of, strict=False)
    except msgspec.ValidationError as error:
        found = re.search(r"\$\.(\w+)|required field `(\w+)`", str(error))
        name = (found[1] or found[2]) if found else ""
        raise Problem("invalid", f"{error}.", errors=[(name, str(error))]) from None


def returned(values: dict[str, Any], problem: Problem, visit: Visit) -> Form:
    """The form once more, with what has to be mended. A problem that is of no field is raised again."""
    if not problem.errors:
        raise problem
    said = []
    for path, sentence in problem.errors:
        name = path.partition("[")[0]
        known = f"{problem.code}.{name}" in _SAID
        words = visit.t(f"organisation.error.{problem.code}.{name}") if known else as_written(sentence, visit.view)
        said.append((name, words))
    # secrets are typed again
    kept = {name: value for name, value in values.items() if name not in _SECRETS}
    return Form(kept, tuple(said))


def as_written(sentence: str, view: ViewContext) -> str:
    """An English sentence on a page that may be in another language: marked, for those who hear it."""
    return sentence if view.locale == "en" else Markup('<span lang="en">{}</span>').format(sentence)
