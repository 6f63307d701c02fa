"""Forms of the console: what was filled in, and what has to be mended, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from eden.base.api.errors import AnyRequest
from eden.base.problems import Problem
from eden.console.frame import Console
from eden.console.view import ViewContext

T = TypeVar("T", bound=msgspec.Struct)

#: bytes of a form; none of ours has a file
LARGEST_FORM = 50_000

#: what can be said in the reader's language: code and field of a problem
_SAID = frozenset(
    {
        "conflict.email", "conflict.name", "conflict.slug", "forbidden.scopes", "invalid.current", "invalid.email",
        "invalid.expires", "invalid.name", "invalid.new", "invalid.password", "invalid.retention_days",
        "invalid.roles", "invalid.scopes", "invalid.slug",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """A form that came in. `values` has texts and, for fields that are lists, tuples of texts."""

    values: dict[str, Any]
    errors: tuple[tuple[str, str], ...] = ()
    #: the same, by field, for showing each beside its field
    by_field: dict[str, str] = field(default_factory=dict)


EMPTY = Form({})


async def read_form(request: AnyRequest, *, lists: Sequence[str] = ()) -> dict[str, Any]:
    """The fields as texts without space around them; those of `lists` as tuples, empty when nothing was chosen."""
    form = await request.form()
    values: dict[str, Any] = {}
    for name in form:
        given = [value for value in form.getall(name) if isinstance(value, str)]
        if "\0" in "".join(given):
            raise Problem("invalid", "The form has a character that is never used (NUL).")
        values[name] = tuple(given) if name in lists else (given or [""])[0]
    for name in lists:
        values.setdefault(name, ())
    # passwords keep their spaces
    return {
        name: value.strip() if isinstance(value, str) and name not in ("password", "current", "new") else value
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


def returned(values: dict[str, Any], problem: Problem, console: Console, view: ViewContext) -> Form:
    """The form once more, with what has to be mended. A problem that is of no field is raised again."""
    if not problem.errors:
        raise problem
    t = console.translator(view)
    said = [
        (name, t(f"organisation.error.{problem.code}.{name}") if f"{problem.code}.{name}" in _SAID else sentence)
        for name, sentence in ((name.partition("[")[0], sentence) for name, sentence in problem.errors)
    ]
    # secrets are typed again
    kept = {name: value for name, value in values.items() if name not in ("password", "current", "new")}
    return Form(kept, tuple(said), dict(said))
