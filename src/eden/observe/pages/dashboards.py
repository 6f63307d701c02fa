"""Dashboards of kept questions: their tiles load side by side, each with an answer of its own."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath
from eden.base.problems import Problem, not_found
from eden.observe.dashboards import Dashboard, SavedQuestion, Tile
from eden.observe.pages.addresses import checked, place_of, when
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.drawing import draw
from eden.observe.pages.kit import APP, LARGEST_FORM
from eden.observe.questions.interfaces import Question

_SHAPES: dict[str, Literal["line", "area", "bar"]] = {"area": "area", "bar": "bar"}


@get(f"{APP}/dashboards", opt=needs("observe.read"))
async def show_dashboards(desk: TheDesk) -> Response[bytes]:
    """All dashboards, and the app's kept questions."""
    service = desk.dashboards
    return desk.page(
        "observe/analysis-dashboards.html",
        tab="dashboards",
        timed=False,
        boards=await service.page(*desk.caller),
        questions=[(found, _address(desk, found)) for found in await service.questions(*desk.caller, desk.app.key)],
    )


@post(f"{APP}/dashboards", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def create_dashboard(desk: TheDesk) -> Response[bytes]:
    """Make a dashboard."""
    form = await desk.form()
    try:
        made = await desk.dashboards.create(*desk.caller, form.one("name"))
    except Problem as problem:
        return _refused(desk, problem, "dashboards")
    return desk.went(f"dashboards/{made.id}", desk.t("observe.board.made", name=made.name))


@post(f"{APP}/questions", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def save_question(desk: TheDesk) -> Response[bytes]:
    """Keep a page's question, as a tile of a dashboard."""
    form = await desk.form()
    question = _question(form.one("question"))
    service = desk.dashboards
    try:
        saved = await service.save(*desk.caller, desk.app.key, form.one("name"), question)
        tile = Tile(saved.id, shape=_SHAPES.get(form.one("shape"), "line"))
        if board_id := form.one("dashboard"):
            board = await service.get(*desk.caller, board_id)
            await service.change(*desk.caller, board.id, tiles=[*board.tiles, tile])
        else:
            board = await service.create(*desk.caller, desk.t("observe.board.first"), [tile])
    except Problem as problem:
        return _refused(desk, problem, "dashboards")
    return desk.went(f"dashboards/{board.id}", desk.t("observe.board.saved", name=saved.name))


@post(f"{APP}/questions/{{question:str}}/remove", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def remove_question(desk: TheDesk, question: FromPath[str]) -> Response[bytes]:
    """Forget a kept question."""
    await desk.dashboards.remove_question(*desk.caller, question)
    return desk.went("dashboards", desk.t("observe.board.question-removed"))


@get(f"{APP}/dashboards/{{board:str}}", opt=needs("observe.read"))
async def show_dashboard(desk: TheDesk, board: FromPath[str]) -> Response[bytes]:
    """One dashboard; every tile fetches its answer."""
    found = await desk.dashboards.get(*desk.caller, board)
    tiles = await desk.dashboards.tiles(*desk.caller, found)
    path = f"dashboards/{found.id}"
    return desk.page(
        "observe/analysis-dashboard.html",
        tab="dashboards",
        board=found,
        path=path,
        tiles=[
            (place, tile, saved, _address(desk, saved, tile.shape), desk.keeping(f"{path}/tiles/{place}"))
            for place, (tile, saved) in enumerate(tiles)
        ],
        # without a choice of time every tile has its own
        own_time="time" not in desk.asked.values,
    )


@get(f"{APP}/dashboards/{{board:str}}/tiles/{{place:str}}", opt=needs("observe.read"))
async def show_tile(desk: TheDesk, board: FromPath[str], place: FromPath[str]) -> Response[bytes]:
    """One tile's answer."""
    found = await desk.dashboards.get(*desk.caller, board)
    tiles = await desk.dashboards.tiles(*desk.caller, found)
    if not place.isascii() or not place.isdigit() or int(place) >= len(tiles):
        raise not_found("The tile")
    tile, saved = tiles[int(place)]
    there = desk if saved.app == desk.app.key else await desk.of_app(saved.app)
    question = saved.question
    if "time" in desk.asked.values:
        question = msgspec.structs.replace(question, period=when(desk.period))
    try:
        drawing = draw(there, question, await there.ask(question), key=f"tile-{place}", shape=tile.shape)
    except Problem as problem:
        # one tile that cannot be answered leaves the others
        return desk.page("observe/analysis-tile.html", block="tile", drawing=None, why=desk.told(problem), saved=saved)
    return desk.page("observe/analysis-tile.html", block="tile", drawing=drawing, why="", saved=saved)


@post(f"{APP}/dashboards/{{board:str}}", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def change_dashboard(desk: TheDesk, board: FromPath[str]) -> Response[bytes]:
    """Name, order, width: the form has a tile's number in `do`, such as up-2, or none to rename."""
    form = await desk.form()
    found = await desk.dashboards.get(*desk.caller, board)
    verb, _, number = form.one("do", "rename").partition("-")
    path = f"dashboards/{found.id}"
    tiles = _moved(found, verb, int(number) if number.isascii() and number.isdigit() else -1)
    try:
        await desk.dashboards.change(
            *desk.caller,
            found.id,
            name=form.one("name") if verb == "rename" else None,
            tiles=tiles if verb != "rename" else None,
            revision=form.number("revision"),
        )
    except Problem as problem:
        return _refused(desk, problem, path)
    return desk.went(path, desk.t("observe.board.renamed") if verb == "rename" else "")


@post(f"{APP}/dashboards/{{board:str}}/remove", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def remove_dashboard(desk: TheDesk, board: FromPath[str]) -> Response[bytes]:
    """Remove a dashboard."""
    await desk.dashboards.remove(*desk.caller, board)
    return desk.went("dashboards", desk.t("observe.board.removed"))


def _moved(board: Dashboard, verb: str, place: int) -> list[Tile]:
    """The tiles after what a button says; a place that is not there changes nothing."""
    tiles = list(board.tiles)
    if not 0 <= place < len(tiles):
        return tiles
    if verb == "remove":
        del tiles[place]
    elif verb == "width":
        tiles[place] = msgspec.structs.replace(tiles[place], width=3 - tiles[place].width)
    elif verb in ("up", "down"):
        other = max(0, min(len(tiles) - 1, place + (-1 if verb == "up" else 1)))
        tiles[place], tiles[other] = tiles[other], tiles[place]
    return tiles


def _question(text: str) -> Question:
    try:
        return checked(msgspec.json.decode(text, type=Question))
    except msgspec.DecodeError as error:
        raise Problem("invalid", f"The question cannot be read: {error}.", "Open its page again.") from None


def _address(desk: Desk, saved: SavedQuestion, shape: str = "line") -> str:
    tab, query = place_of(saved.question)
    pairs = {**query, "shape": "" if shape == "line" else shape}
    return desk.with_query(desk.url(f"analysis/{saved.app}/{tab}"), pairs)


def _refused(desk: Desk, problem: Problem, path: str) -> Response[bytes]:
    if problem.code not in ("invalid", "conflict", "not-found"):
        raise problem
    return desk.went(path, desk.told(problem), "bad")


HANDLERS: tuple[Any, ...] = (
    show_dashboards,
    create_dashboard,
    save_question,
    remove_question,
    show_dashboard,
    show_tile,
    change_dashboard,
    remove_dashboard,
)
