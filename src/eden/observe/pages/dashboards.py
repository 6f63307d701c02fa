"""Dashboards of kept questions: their tiles load side by side, each with an answer of its own."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import Response, get, post
from litestar.params import QueryParameter

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath
from eden.base.problems import Problem, not_found
from eden.observe.dashboards import MOST_TILES, Dashboard, Tile
from eden.observe.pages.addresses import page_filters
from eden.observe.pages.asking import chips, on_boards, property_choices
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.drawing import draw
from eden.observe.pages.kit import APP, LARGEST_FORM
from eden.observe.pages.period import CHOICES
from eden.observe.pages.saved import SHAPES, refused
from eden.observe.pages.tiles import Narrowed, narrowed
from eden.observe.pages.words import filter_words
from eden.observe.questions.interfaces import Trend
from eden.observe.saved_questions import SavedQuestion


@get(f"{APP}/dashboards", opt=needs("observe.read"))
async def show_dashboards(desk: TheDesk) -> Response[bytes]:
    """All dashboards, and the app's kept questions."""
    boards = await desk.dashboards.page(*desk.caller)
    return desk.page(
        "observe/analysis-dashboards.html",
        tab="dashboards",
        timed=False,
        boards=boards,
        questions=[
            (saved, on_boards(saved, boards)) for saved in await desk.questions.page(*desk.caller, desk.app.key)
        ],
    )


@post(f"{APP}/dashboards", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def create_dashboard(desk: TheDesk) -> Response[bytes]:
    """Make a dashboard."""
    form = await desk.form()
    try:
        made = await desk.dashboards.create(*desk.caller, form.one("name"))
    except Problem as problem:
        return refused(desk, problem, "dashboards")
    return desk.went(f"dashboards/{made.id}", desk.t("observe.board.made", name=made.name))


@get(f"{APP}/dashboards/{{board:str}}", opt=needs("observe.read"))
async def show_dashboard(desk: TheDesk, board: FromPath[str]) -> Response[bytes]:
    """One dashboard; every tile fetches its answer, for the time and with the filters of the address."""
    found = await desk.dashboards.get(*desk.caller, board)
    tiles = await desk.questions.of_tiles(*desk.caller, found)
    path = f"dashboards/{found.id}"
    may_add = desk.view.may("observe.write") and len(found.tiles) < MOST_TILES
    # without a choice of time every tile has its own, the usual one is a choice like the others
    own_time = "time" not in desk.asked.values
    return desk.page(
        "observe/analysis-dashboard.html",
        tab="dashboards",
        board=found,
        path=path,
        tiles=[
            _Shown(
                place,
                tile,
                saved,
                desk.url(
                    f"analysis/{saved.app}/questions/{saved.id}", shape="" if tile.shape == "line" else tile.shape
                ),
                desk.keeping(f"{path}/tiles/{place}", question=saved.id, time=desk.asked.one("time")),
                isinstance(saved.question, Trend),
            )
            for place, (tile, saved) in enumerate(tiles)
        ],
        addable=await desk.questions.page(*desk.caller, desk.app.key) if may_add else [],
        own_time=own_time,
        times=[(choice, desk.varied(time=choice, since="", until="")) for choice in CHOICES],
        chosen_time="" if own_time else desk.period.key,
        chips=chips(desk),
        properties=await property_choices(desk),
    )


class _Shown(NamedTuple):
    """A tile as its page has it: `address` is its question's, `source` its answer's."""

    place: int
    tile: Tile
    saved: SavedQuestion
    address: str
    source: str
    is_trend: bool


QuestionId = Annotated[str, QueryParameter(name="question", max_length=36)]


@get(f"{APP}/dashboards/{{board:str}}/tiles/{{place:str}}", opt=needs("observe.read"))
async def show_tile(desk: TheDesk, board: FromPath[str], place: FromPath[str], question: QuestionId) -> Response[bytes]:
    """The answer of a tile with a question: the one at `place`, or where others moved it meanwhile."""
    found = await desk.dashboards.get(*desk.caller, board)
    tiles = await desk.questions.of_tiles(*desk.caller, found)
    number = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else 0
    here = [(abs(at - number), tile, saved) for at, (tile, saved) in enumerate(tiles) if saved.id == question]
    if not here:
        raise not_found("The tile")
    _, tile, saved = min(here, key=lambda each: each[0])
    there = desk if saved.app == desk.app.key else await desk.of_app(saved.app)
    period = desk.period if "time" in desk.asked.values else None
    asked = narrowed(saved.question, period, page_filters(desk.asked))
    drawing, why = None, ""
    try:
        answered = await there.ask(asked.question)
        drawing = draw(there, asked.question, answered, key=f"tile-{number}", shape=tile.shape)
    except Problem as problem:
        # one tile that cannot be answered leaves the others
        why = desk.told(problem)
    return desk.page(
        "observe/analysis-tile.html",
        block="tile",
        drawing=drawing,
        why=why,
        notes=_notes(desk, asked),
        saved_name=saved.name,
    )


def _notes(desk: Desk, asked: Narrowed) -> list[str]:
    """What of the dashboard's address does not hold for a tile."""
    notes = [desk.t("observe.board.keeps-time")] if asked.keeps_time else []
    if asked.left_out:
        words = f" {desk.t('observe.condition.and')} ".join(filter_words(desk, found) for found in asked.left_out)
        notes.append(desk.t("observe.board.left-out", filters=words))
    return notes


@post(f"{APP}/dashboards/{{board:str}}", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def change_dashboard(desk: TheDesk, board: FromPath[str]) -> Response[bytes]:
    """Name, tiles, their order, width and shape: the form has a tile's number in `do`, such as up-2; without, it
    renames. The answer leads to the tile, so that a keyboard goes on there."""
    form = await desk.form()
    found = await desk.dashboards.get(*desk.caller, board)
    verb, _, number = form.one("do", "rename").partition("-")
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else -1
    path = desk.keeping(f"dashboards/{found.id}", time=desk.asked.one("time"))
    service, name = desk.dashboards, form.one("name")
    try:
        if verb == "add":
            changed = await service.add_tile(*desk.caller, found.id, Tile(form.one("question")))
            return desk.went_to(f"{path}#place-{len(changed.tiles) - 1}", desk.t("observe.board.added"))
        if verb == "rename":
            await service.change(*desk.caller, found.id, name=name, revision=form.number("revision"))
            return desk.went_to(path, desk.t("observe.board.renamed"))
        tiles, other = _moved(found, verb, place)
        await service.change(*desk.caller, found.id, tiles=tiles, revision=form.number("revision"))
    except Problem as problem:
        return refused(desk, problem, "dashboards", path)
    said = desk.t("observe.board.placed", number=other + 1, count=len(tiles)) if verb in ("up", "down") else ""
    return desk.went_to(f"{path}#place-{other}" if verb != "remove" else path, said)


@post(f"{APP}/dashboards/{{board:str}}/remove", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def remove_dashboard(desk: TheDesk, board: FromPath[str]) -> Response[bytes]:
    """Remove a dashboard."""
    await desk.dashboards.remove(*desk.caller, board)
    return desk.went("dashboards", desk.t("observe.board.removed"))


def _moved(board: Dashboard, verb: str, place: int) -> tuple[list[Tile], int]:
    """The tiles after what a button says, and where its tile is then; a place that is not there changes nothing."""
    tiles = list(board.tiles)
    if not 0 <= place < len(tiles):
        return tiles, 0
    other = place
    if verb == "remove":
        del tiles[place]
    elif verb == "width":
        tiles[place] = msgspec.structs.replace(tiles[place], width=3 - tiles[place].width)
    elif verb in SHAPES:
        tiles[place] = msgspec.structs.replace(tiles[place], shape=SHAPES[verb])
    elif verb in ("up", "down"):
        other = max(0, min(len(tiles) - 1, place + (-1 if verb == "up" else 1)))
        tiles[place], tiles[other] = tiles[other], tiles[place]
    return tiles, other


HANDLERS: tuple[Any, ...] = (
    show_dashboards,
    create_dashboard,
    show_dashboard,
    show_tile,
    change_dashboard,
    remove_dashboard,
)
