"""Saved questions: kept as tiles, opened again on the page that asks them, changed, renamed, removed."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath
from eden.base.problems import Problem
from eden.console.forms import Form
from eden.observe.dashboards import Shape
from eden.observe.pages.addresses import checked, place_of
from eden.observe.pages.asking import on_boards
from eden.observe.pages.desk import Desk, Elsewhere, TheDesk
from eden.observe.pages.drawing import draw
from eden.observe.pages.kit import APP, LARGEST_FORM
from eden.observe.questions.interfaces import Question
from eden.observe.saved_questions import SavedQuestion

SHAPES: dict[str, Shape] = {"line": "line", "area": "area", "bar": "bar"}
#: problems that are said where the reader was
_SAID = ("invalid", "conflict", "not-found")


@post(f"{APP}/questions", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def save_question(desk: TheDesk) -> Response[bytes]:
    """Keep a page's question, as a tile of a dashboard."""
    form = await desk.form()
    question = _question(form.one("question"))
    try:
        saved, board_id = await desk.questions.save_as_tile(
            *desk.caller,
            desk.app.key,
            form.one("name"),
            question,
            shape=SHAPES.get(form.one("shape"), "line"),
            dashboard_id=form.one("dashboard"),
            new_name=desk.t("observe.board.first"),
        )
    except Problem as problem:
        return refused(desk, problem, "dashboards")
    return desk.went(f"dashboards/{board_id}", desk.t("observe.board.saved", name=saved.name))


@get(f"{APP}/questions/{{question:str}}", opt=needs("observe.read"))
async def show_question(desk: TheDesk, question: FromPath[str]) -> Response[bytes]:
    """A saved question on the page that asks such ones; by itself where no form says the whole of it."""
    saved = await desk.questions.get(*desk.caller, desk.app.key, question)
    if address := _address(desk, saved):
        raise Elsewhere(address)
    answered = await desk.ask(saved.question)
    return desk.page(
        "observe/analysis-question.html",
        tab="dashboards",
        timed=False,
        saved=saved,
        saved_changed=False,
        saved_on=on_boards(saved, await desk.boards()),
        drawing=draw(desk, saved.question, answered, shape=_shape(desk.asked)),
    )


@post(f"{APP}/questions/{{question:str}}", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def change_question(desk: TheDesk, question: FromPath[str]) -> Response[bytes]:
    """Rename it (`name`), or put the question of the page (`question`) in its place. What the page asks stays in its
    address (`back`), whatever happens."""
    form = await desk.form()
    asked = _question(form.one("question")) if form.on("question") else None
    back = form.one("back")
    try:
        changed = await desk.questions.change(
            *desk.caller,
            desk.app.key,
            question,
            name=form.one("name") if form.on("name") else None,
            question=asked,
            revision=form.number("revision"),
        )
    except Problem as problem:
        return refused(desk, problem, "dashboards", back)
    if asked is None:
        return desk.went_to(_with_revision(back, changed.revision), desk.t("observe.saved.renamed"))
    shape = _shape(form)
    path = desk.here(f"questions/{changed.id}", shape="" if shape == "line" else shape)
    return desk.went_to(path, desk.t("observe.board.saved", name=changed.name))


@post(f"{APP}/questions/{{question:str}}/remove", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def remove_question(desk: TheDesk, question: FromPath[str]) -> Response[bytes]:
    """Forget a kept question."""
    boards = await desk.questions.remove(*desk.caller, desk.app.key, question)
    said = desk.t("observe.board.question-removed")
    if boards:
        said += " " + desk.t("observe.saved.off", boards=desk.t("observe.saved.comma").join(boards))
    return desk.went("dashboards", said)


def refused(desk: Desk, problem: Problem, path: str, back: str = "") -> Response[bytes]:
    """Say it where the reader was: `back` is that page's address."""
    if problem.code not in _SAID:
        raise problem
    return desk.went_to(back or desk.here(path), desk.told(problem), "bad")


def _question(text: str) -> Question:
    try:
        return checked(msgspec.json.decode(text, type=Question))
    except msgspec.DecodeError as error:
        raise Problem("invalid", f"The question cannot be read: {error}.", "Open its page again.") from None


def _address(desk: Desk, saved: SavedQuestion) -> str:
    """The page of a saved question; "" when no page says the whole of it."""
    place = place_of(saved.question, desk.now)
    if place is None:
        return ""
    tab, query = place
    shape = _shape(desk.asked)
    opened = {"shape": "" if shape == "line" else shape, "saved": saved.id, "revision": str(saved.revision)}
    return desk.with_query(desk.here(tab), {**query, **opened})


def _shape(asked: Form) -> Shape:
    return SHAPES.get(asked.one("shape"), "line")


def _with_revision(address: str, revision: int) -> str:
    """The same page, opened with the saved question as it is now."""
    path, _, query = address.partition("?")
    pairs = [(name, str(revision) if name == "revision" else value) for name, value in parse_qsl(query)]
    return path + (f"?{urlencode(pairs)}" if pairs else "")


HANDLERS = (save_question, show_question, change_question, remove_question)
