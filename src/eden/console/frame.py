"""Draws pages: templates of all rooms, their sentences and menu lines, in one layout.

A page is a function of a `ViewContext` and values; the result is bytes. HTTP is in `eden.console.http`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, Template
from markupsafe import Markup

from eden.base.problems import Problem
from eden.console import formats
from eden.console.assets import Assets
from eden.console.icons import icon
from eden.console.messages import Messages
from eden.console.sparkline import sparkline
from eden.console.tables import label_cells
from eden.console.view import LOCALE_NAMES, THEMES, NavigationItem, Panel, ViewContext

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Room:
    """What a service brings: a folder with `templates/`, `messages.en.toml` and `messages.zh.toml`, menu lines, and
    panels for other services' pages.

    `name` begins the names of its templates ("release/programs.html") and the keys of its messages.
    """

    name: str
    folder: Path
    navigation: tuple[NavigationItem, ...] = ()
    panels: tuple[Panel, ...] = ()


FRAME = Room("console", _HERE)


class Console:
    """All rooms' pages. Made once at start; safe to use from several threads afterwards."""

    def __init__(self, rooms: Iterable[Room], assets: Assets, *, site: str = "Eden", reload: bool = False) -> None:
        """`site` is the name beside the mark, of whoever uses the frame for pages of their own. `reload` looks for
        changed templates at every page, for those who write them."""
        self.site = site
        self.rooms = (FRAME, *rooms)
        self.assets = assets
        self.navigation = tuple(item for room in self.rooms for item in room.navigation)
        self.panels = tuple(panel for room in self.rooms for panel in room.panels)
        self._messages = Messages()
        loaders: dict[str, BaseLoader] = {}
        for room in self.rooms:
            if room.name in loaders:
                raise ValueError(f"two rooms are called {room.name}")
            loaders[room.name] = FileSystemLoader(room.folder / "templates")
            self._messages.add(room.name, room.folder)
        if len({item.key for item in self.navigation}) != len(self.navigation):
            raise ValueError("two menu lines have the same key")
        self._environment = environment(PrefixLoader(loaders))
        self._environment.auto_reload = reload

    def translator(self, view: ViewContext) -> partial[str]:
        """`t(key, **values)` in the page's language, for sentences that are made in Python."""
        return partial(self._messages.translate, view.locale)

    def explain(self, view: ViewContext, problem: Problem) -> str:
        """What happened and what to do. Problems are raised with English sentences: in other languages their code
        says what to do, and the sentence follows as the detail that it is, marked as English."""
        advice = self.translator(view)(f"console.advice.{problem.code}")
        if view.locale == "en":
            return f"{problem.sentence} {problem.hint or advice}"
        detail = f"{problem.sentence} {problem.hint}".strip()
        return Markup('{}<span class="detail" lang="en">{}</span>').format(advice, detail)

    def render(self, view: ViewContext, template: str, /, *, block: str | None = None, **values: Any) -> bytes:
        """The page, or one `{% block %}` of it. Jinja's and `MessageError`s are mistakes of the page's author.

        A block alone knows what the page was given, not what the template sets outside of the block.
        """
        names = self._names(view)
        if reserved := names.keys() & values.keys():
            raise ValueError(f"the frame uses the name {min(reserved)} itself")
        # macros see the language and the token of this page, in blocks as well
        names["ui"] = self._environment.get_template("console/components.html").make_module(names)
        page = self._environment.get_template(template)
        text = _block(page, block, names | values) if block else page.render(names | values)
        return text.encode()

    def panels_of(self, view: ViewContext, place: str, **values: object) -> list[tuple[str, int]]:
        """Addresses of the panels for a place of a page, with the seconds after which each is fetched again: those that
        the reader may see."""
        return [
            (view.url(panel.filled(values)), panel.seconds)
            for panel in self.panels
            if panel.place == place and view.may(panel.permission)
        ]

    def _names(self, view: ViewContext) -> dict[str, Any]:
        locale = view.locale
        return {
            "view": view,
            "site": self.site,
            "t": self.translator(view),
            "url": view.url,
            "may": view.may,
            "asset": self.assets.url,
            "panels": partial(self.panels_of, view),
            "navigation": [item for item in self.navigation if view.may(item.permission)],
            "number": partial(formats.number, locale=locale),
            "compact": partial(formats.compact, locale=locale),
            "percent": partial(formats.percent, locale=locale),
            "share": partial(formats.share, locale=locale),
            "size": partial(formats.size, locale=locale),
            "duration": partial(formats.duration, locale=locale),
            "milliseconds": partial(formats.milliseconds, locale=locale),
            "time": partial(formats.time_element, locale=locale),
        }


def environment(loader: BaseLoader) -> Environment:
    """Jinja as all templates use it: everything escaped, nothing undefined."""
    made = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
        cache_size=-1,
    )
    made.filters["label_cells"] = label_cells
    made.globals |= {
        "icon": icon,
        "sparkline": sparkline,
        "themes": THEMES,
        "locale_names": LOCALE_NAMES,
        "Markup": Markup,
    }
    return made


def _block(template: Template, name: str, values: dict[str, Any]) -> str:
    """One block of a template. Blocks that are only in its layout are not found: ValueError."""
    if name not in template.blocks:
        raise ValueError(f"{template.name} has no block {name}")
    context = template.new_context(values)
    return "".join(template.blocks[name](context))
