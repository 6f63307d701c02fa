"""Forms as they come in."""

from __future__ import annotations

from collections.abc import Iterable

from litestar.exceptions import InternalServerException

from eden.base.api.errors import AnyRequest
from eden.base.problems import Problem


class Form:
    """What was filled in. Texts come without space around them."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        self.values = values

    def one(self, name: str, usual: str = "") -> str:
        """The field's text; the first when it is there several times."""
        found = self.values.get(name)
        return found[0].strip() if found else usual

    def all(self, name: str) -> list[str]:
        """Every text of a field that may be there several times."""
        return [value.strip() for value in self.values.get(name, [])]

    def on(self, name: str) -> bool:
        """Whether a box is ticked."""
        return name in self.values

    def number(self, name: str) -> int:
        """A whole number that the page itself wrote; −1, which nothing has, for anything else."""
        text = self.one(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1


async def read_form(request: AnyRequest) -> Form:
    """The form of a request. Problem `invalid` for a character that no database keeps, `bad-request` for half of a
    form."""
    try:
        form = await request.form()
    except InternalServerException:
        # somebody went on writing, and the preview that was under way is not wanted any more: nobody's failure
        raise Problem("bad-request", "The request ended before its form.") from None
    return made_form((name, value) for name in dict.fromkeys(form) for value in form.getall(name))


def made_form(pairs: Iterable[tuple[str, object]]) -> Form:
    """A form of names and values, as those of a query."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if isinstance(value, str):
            if "\0" in value:
                raise Problem("invalid", "The form has a character that is never used (NUL).")
            values.setdefault(name, []).append(value)
    return Form(values)
