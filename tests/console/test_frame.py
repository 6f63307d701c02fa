from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from eden.base.problems import CATALOGUE, Problem
from eden.console.assets import Assets
from eden.console.frame import FRAME, Console, Room
from eden.console.messages import LOCALES, Locale, MessageError, read_catalogue
from eden.console.view import Flash, NavigationItem, Panel, ViewContext
from tests.console.gallery import PAGES, ROOM, Gallery, gallery_console, gallery_view
from tests.console.rules import room_problems

#: elements without an end
_VOID = {"meta", "link", "input", "br", "hr", "img", "rect", "path"}


class Outline(HTMLParser):
    """What a page is made of; elements have to be closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice: {tag} {attrs}"
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


@pytest.fixture(scope="module")
def console() -> Console:
    return gallery_console()


def draw(console: Console, page: str, locale: Locale = "en", **values: Any) -> str:
    return console.render(gallery_view(locale), f"gallery/{page}.html", **Gallery().values(locale, **values)).decode()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("page", [*PAGES, "sign-in"])
def test_every_page_is_sound(console: Console, page: str, locale: Locale) -> None:
    html = draw(console, page, locale, errors={"name": "No <good>"})
    outline = Outline(html)
    ids = outline.ids()
    assert len(ids) == len(set(ids))
    for tag, attributes in outline.elements:
        # nothing inline, nothing from elsewhere
        assert not [name for name in attributes if name == "style" or name.startswith("on")], attributes
        assert tag != "style"
        assert not re.match(r"(https?:)?//", attributes.get("src", "") + attributes.get("href", ""))
        # what refers to something finds it
        for name in ("for", "aria-labelledby", "aria-describedby", "popovertarget", "data-dialog"):
            for target in attributes.get(name, "").split():
                assert target in ids, f"{name}={target}"
    assert [tag for tag, _ in outline.elements].count("h1") == 1


@pytest.mark.parametrize("room", [FRAME, ROOM], ids=lambda room: room.name)
def test_sentences_and_templates_follow_the_rules(room: Room) -> None:
    assert room_problems(room) == []


@pytest.mark.parametrize("what", ["problem", "advice"])
def test_every_problem_has_a_title_and_advice(what: str) -> None:
    keys = read_catalogue(FRAME.folder / "messages.en.toml")
    prefix = f"console.{what}."
    assert {key.removeprefix(prefix) for key in keys if key.startswith(prefix)} == set(CATALOGUE)


def test_what_to_do_about_a_problem(console: Console) -> None:
    """The sentence is English; whoever reads another language is told by its code what to do."""
    told = Problem("too-large", "It has <5> MB.", "Send less.")
    untold = Problem("too-large", "It has <5> MB.")
    assert console.explain(gallery_view(), told) == "It has <5> MB. Send less."
    assert console.explain(gallery_view(), untold) == "It has <5> MB. Send less at once."
    assert console.explain(gallery_view("zh"), told) == (
        '请减少内容，或分批发送。<span class="detail" lang="en">It has &lt;5&gt; MB. Send less.</span>'
    )


def test_a_page_is_in_the_readers_language(console: Console) -> None:
    english, chinese = draw(console, "versions"), draw(console, "versions", "zh")
    assert '<html lang="en"' in english and "38 versions" in english and ">Mini programs<" in english
    assert '<html lang="zh-CN"' in chinese and "共 38 个版本" in chinese and ">小程序<" in chinese
    assert not re.search(r"[一-鿿]", english.replace("中文", ""))


def test_the_menu_has_what_one_may_see(console: Console) -> None:
    def menu(**values: Any) -> list[str]:
        page = console.render(gallery_view(**values), "gallery/words.html", **Gallery().values("en")).decode()
        return re.findall(r'href="/console/live/(\w+)"[^>]*>\s*<svg', page)

    assert "keys" not in menu()
    assert "keys" in menu(permissions=frozenset({"workspace.read", "key.manage"}))
    assert menu(permissions=frozenset()) == []


def test_the_present_line_is_marked(console: Console) -> None:
    lines = re.findall(r'<a href="([^"]+)" aria-current="page"', draw(console, "compare"))
    assert lines == ["/console/live/compare"]


def test_what_people_wrote_is_text(console: Console) -> None:
    evil = "<script>alert(1)</script>\"'"
    page = console.render(
        gallery_view(path=f"/console/live/forms?q={evil}", csrf=evil),
        "gallery/forms.html",
        **Gallery().values("en", errors={"name": evil}, text=f"</textarea>{evil}"),
    ).decode()
    assert "<script>alert" not in page and "</textarea><" not in page
    Outline(page)


def test_a_block_alone_has_components_and_sentences(console: Console) -> None:
    part = console.render(
        gallery_view(), "gallery/forms.html", block="preview", **Gallery().values("en", text="x")
    ).decode()
    assert part == '<p id="preview" aria-live="polite">12,480 of 100,000 known devices</p>'
    with pytest.raises(ValueError, match="no block nothing"):
        console.render(gallery_view(), "gallery/forms.html", block="nothing")


def test_a_problem_is_a_page_and_a_message(console: Console) -> None:
    problem = Problem("forbidden", "You may not <halt> this.", "Ask an owner.")
    words = console.explain(gallery_view(), problem)
    for person in (gallery_view().person, None):
        page = console.render(
            gallery_view(person=person), "console/problem.html", problem=problem, words=words, trace="abc-1"
        ).decode()
        Outline(page)
        assert "You may not &lt;halt&gt; this. Ask an owner." in page and "abc-1" in page and "403" in page
    part = console.render(
        gallery_view(), "console/problem.html", block="problem", problem=problem, words=words, trace=None
    ).decode()
    assert part.count("Ask an owner.") == 1 and 'role="alert"' in part and "<html" not in part


def test_flashes_are_said(console: Console) -> None:
    view = gallery_view(flashes=(Flash("good", "Saved <it>."), Flash("bad", "But not all.")))
    page = console.render(view, "gallery/words.html", **Gallery().values("en")).decode()
    flashes = page[page.index('id="flashes"') : page.index('id="content"')]
    assert "Saved &lt;it&gt;." in flashes and flashes.index("Saved") < flashes.index("But not all.")


def made(
    folder: Path, template: str, *, messages: str = '[room]\na = "A"', navigation: Any = (), panels: Any = ()
) -> Console:
    (folder / "templates").mkdir(exist_ok=True)
    (folder / "templates/page.html").write_text(template, "utf-8")
    for locale in LOCALES:
        (folder / f"messages.{locale}.toml").write_text(messages, "utf-8")
    return Console([Room("room", folder, navigation, panels)], Assets())


def test_nothing_is_undefined(tmp_path: Path) -> None:
    console = made(tmp_path, "{{ nothing }}")
    with pytest.raises(UndefinedError):
        console.render(gallery_view(), "room/page.html")


@pytest.mark.parametrize("template", ['{{ t("room.b") }}', '{{ t("room.a", count=1) }}'])
def test_a_wrong_sentence_is_an_error(tmp_path: Path, template: str) -> None:
    with pytest.raises(MessageError):
        made(tmp_path, template).render(gallery_view(), "room/page.html")


def test_the_frames_names_are_its_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the name t itself"):
        made(tmp_path, "").render(gallery_view(), "room/page.html", t=1)


def test_rooms_and_menu_lines_have_names_of_their_own(tmp_path: Path) -> None:
    line = NavigationItem("a", "A", "A", "a", "workspace.read", "app")
    with pytest.raises(ValueError, match="same key"):
        made(tmp_path, "", navigation=(line, line))
    with pytest.raises(ValueError, match="two rooms"):
        Console([ROOM, ROOM], Assets())
    with pytest.raises(ValueError, match="no icon"):
        NavigationItem("a", "A", "A", "a", "workspace.read", "unicorn")


def test_addresses_of_a_workspace_and_of_none() -> None:
    assert gallery_view().url("versions") == "/console/live/versions"
    assert gallery_view().url() == "/console/live"
    assert ViewContext(path="/console/", now=0).url("sign-in") == "/console/sign-in"


@pytest.mark.parametrize(
    ("template", "messages", "sentence"),
    [
        ('{{ t("room.a") }}<p style="x">', '[room]\na = "A"', "an inline style"),
        ('{{ t("room.a") }}<script>', '[room]\na = "A"', "an inline script"),
        ('{{ t("room.a") }}<a onclick="x">', '[room]\na = "A"', "an inline handler"),
        ('{{ t("room.a") | safe }}', '[room]\na = "A"', "the filter safe"),
        ("", '[room]\na = "A"', "room.a is not used"),
        ('{{ t("room.a") }}{{ t("room.c") }}', '[room]\na = "A"', "there is no message room.c"),
        ('{{ t("room.a", x=1) }}', '[room]\na = "A"', "room.a takes [], not ['x']"),
        ('{{ t("room.a") }}{{ t("room.b." ~ 1) }}', '[room]\na = "A"', "no key begins with room.b."),
    ],
)
def test_the_rules_find_what_breaks_them(tmp_path: Path, template: str, messages: str, sentence: str) -> None:
    made(tmp_path, template, messages=messages)
    assert any(sentence in problem for problem in room_problems(Room("room", tmp_path)))


def test_the_rules_compare_the_languages(tmp_path: Path) -> None:
    made(tmp_path, '{{ t("room.a", x=1) }}{{ t("room.b") }}', messages='[room]\na = "{x}"\nb = "B"')
    (tmp_path / "messages.zh.toml").write_text('[room]\na = "{y}"', "utf-8")
    problems = room_problems(Room("room", tmp_path))
    assert problems == ["room.b is in one catalogue only", "room.a has other placeholders in Chinese"]


def test_a_choice_of_nothing_is_a_choice(console: Console) -> None:
    """Browsers refuse a form with a required select whose first option is empty and chosen."""
    ui = console._environment.get_template("console/components.html").make_module(console._names(gallery_view()))
    one = ui.select("a", "A", [("", "none"), ("b", "B")], required=True)  # type: ignore[attr-defined]
    other = ui.select("a", "A", [("b", "B")], required=True)  # type: ignore[attr-defined]
    assert "required" not in one and "(optional)" not in one
    assert "<select" in other and " required" in other


def test_panels_are_for_those_who_may_see_them(tmp_path: Path) -> None:
    panels = (Panel("release", "analysis/{program}/x?code={code}", "workspace.read", 7), Panel("device", "y", "z"))
    console = made(tmp_path, "{{ ui.panels(panels('release', program='a b/c', code=3)) }}", panels=panels)
    page = console.render(gallery_view(), "room/page.html").decode()
    assert page.strip() == (
        '<div class="panel" hx-get="/console/live/analysis/a%20b%2Fc/x?code=3" hx-trigger="load, every 7s" '
        'hx-swap="innerHTML"></div>'
    )
    assert console.render(gallery_view(permissions=frozenset()), "room/page.html").decode().strip() == ""
