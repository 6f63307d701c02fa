"""What a page is drawn from: who looks at it, where, and in which language and theme. Plain values, no HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args
from urllib.parse import quote

from eden.console.icons import ICONS
from eden.console.messages import Locale

ROOT = "/console"

Theme: TypeAlias = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)

#: every language in itself
LOCALE_NAMES: dict[Locale, str] = {"en": "English", "zh": "中文"}

#: of flashes, alerts, pills, figures; each has an icon or a word of its own, never colour alone
Tone: TypeAlias = Literal["neutral", "accent", "good", "warning", "bad"]

#: in the menu: daily work, below it the workspace's own affairs (members, keys, audit log), and behind the person's
#: name their own
Group: TypeAlias = Literal["work", "workspace", "person"]


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A line of the menu.

    `key` is unique over all rooms; a template says with it which line is the present one. `path` is below the
    workspace: "programs" is /console/WORKSPACE/programs. `permission` is what one needs to see the line.
    """

    key: str
    title_en: str
    title_zh: str
    path: str
    permission: str
    icon: str
    group: Group = "work"

    def __post_init__(self) -> None:
        if self.icon not in ICONS:
            raise ValueError(f"there is no icon {self.icon}")

    def title(self, locale: Locale) -> str:
        return self.title_zh if locale == "zh" else self.title_en


@dataclass(frozen=True, slots=True)
class Panel:
    """Something that a service shows on another one's page. `place` is a word that the page knows ("release"); `path`
    is below the workspace, with {names} of values that the page gives; the answer is HTML, nothing when there is
    nothing to show. It is fetched by who has the `permission`, and again every `seconds`."""

    place: str
    path: str
    permission: str
    seconds: int = 5

    def filled(self, values: Mapping[str, object]) -> str:
        """The path with the page's values in it. KeyError when the page does not give one."""
        return self.path.format_map({name: quote(str(value), safe="") for name, value in values.items()})


@dataclass(frozen=True, slots=True)
class Person:
    """Who has signed in."""

    name: str
    email: str
    #: the word for the role in this workspace, in the page's language
    role: str = ""


@dataclass(frozen=True, slots=True)
class WorkspaceLink:
    slug: str
    name: str
    #: a workspace of real users is marked in the head of every page
    production: bool = False


@dataclass(frozen=True, slots=True)
class Flash:
    """What happened to the last action, said once on the next page."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class ViewContext:
    """Everything that a page may know about the request.

    `path` is the page's own address with its query (the switches of language and theme come back to it), `csrf` the
    token that every form sends back, `now` microseconds UTC.
    """

    path: str
    now: int
    locale: Locale = "en"
    theme: Theme = "system"
    csrf: str = ""
    person: Person | None = None
    workspace: WorkspaceLink | None = None
    workspaces: Sequence[WorkspaceLink] = ()
    permissions: frozenset[str] = frozenset()
    flashes: Sequence[Flash] = ()

    def may(self, permission: str) -> bool:
        """Whether to show what needs a permission; the service that acts checks it again."""
        return permission in self.permissions

    def url(self, path: str = "") -> str:
        """The address of a page of this workspace, of the console itself when there is none."""
        parts = [ROOT, *([self.workspace.slug] if self.workspace else []), *([path] if path else [])]
        return "/".join(parts)
