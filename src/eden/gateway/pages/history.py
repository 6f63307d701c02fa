"""What was changed in the catalogue, by whom and why; what lies between revisions; the way back."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, ThePaging
from eden.base.problems import Problem, not_found
from eden.gateway.pages.desk import HERE, TheDesk
from eden.gateway.rules_plan import Change

#: changes that a page shows; the API has all
_SHOWN = 200


@get(f"{HERE}/history", opt=needs("gateway.read"))
async def show_history(desk: TheDesk, paging: ThePaging) -> Response[bytes]:
    """Revisions, the newest first."""
    before = paging.after(int)
    found = await desk.catalogues.history(*desk.caller, before=before, limit=paging.limit + 1)
    shown = found[: paging.limit]
    return desk.page(
        "gateway/history.html",
        tab="history",
        revisions=shown,
        newest=before is None,
        next=desk.following("gateway/history", shown[-1].revision) if len(found) > paging.limit else "",
        first=desk.url("gateway/history") if before else "",
    )


@get(f"{HERE}/history/{{revision:str}}", opt=needs("gateway.read"))
async def show_revision(desk: TheDesk, revision: FromPath[str]) -> Response[bytes]:
    """What a revision changed, and what going back to it would change now."""
    number = _number(revision)
    about, _ = await desk.catalogues.at(*desk.caller, number)
    changes = await desk.catalogues.compare(*desk.caller, number - 1, number)
    current, _ = await desk.catalogues.get(*desk.caller)
    back = await desk.catalogues.compare(*desk.caller, current, number) if number != current else []
    return desk.page(
        "gateway/revision.html",
        tab="history",
        about=about,
        changes=_shown(changes),
        count=len(changes),
        back=_shown(back),
        current=current,
    )


def _shown(changes: list[Change]) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Kind of change, what, and its fields with what was there before and is there now."""
    kinds = {"add": "added", "remove": "removed", "change": "changed"}
    return [
        (
            kinds[change.action],
            f"{change.kind} {change.name}".rstrip(),
            [(field.path, _text(field.before), _text(field.after)) for field in change.fields],
        )
        for change in changes[:_SHOWN]
    ]


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()


@post(f"{HERE}/history/{{revision:str}}/revert", opt=needs("gateway.write"))
async def revert(desk: TheDesk, revision: FromPath[str]) -> Response[bytes]:
    """Bring the catalogue of a revision back, as a new one."""
    form = await desk.form()
    seen = form.number("current")
    try:
        made = await desk.catalogues.revert(*desk.caller, _number(revision), revision=seen if seen >= 0 else None)
    except Problem as problem:
        if problem.code not in ("conflict", "invalid"):
            raise
        return desk.go(f"gateway/history/{revision}", " ".join(sentence for _, sentence in desk.told(problem)), "bad")
    return desk.go("gateway/history", desk.t("gateway.history.reverted", revision=revision, made=made))


def _number(revision: str) -> int:
    """Of an address; a guard has to see all of it first."""
    if not revision.isascii() or not revision.isdigit() or len(revision) > 9:
        raise not_found(f"The revision {revision}")
    return int(revision)


HANDLERS: tuple[Any, ...] = (show_history, show_revision, revert)
