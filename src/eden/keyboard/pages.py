"""The console's page of the secure keyboard: keys and their age, purposes and who may have their values, and what came
of the values of the last day."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast, get_args

import msgspec
from litestar import Response, Router, get, post
from litestar.di import Provide

from eden.base.api.access import Caller, needs
from eden.base.api.handlers import Service, TheCaller
from eden.base.problems import Problem
from eden.console.forms import Form, made_form, read_form
from eden.console.view import ROOT, NavigationItem
from eden.console.visit import Visit
from eden.keyboard.interfaces import KeyAlgorithm, Kind, OutcomeCount, Purpose
from eden.keyboard.rules import check_purpose
from eden.keyboard.service_admin import KeyboardAdmin

NAVIGATION = (NavigationItem("keyboard", "Secure keyboard", "安全键盘", "keyboard", "key.manage", "keyboard"),)
_HERE = f"{ROOT}/{{workspace:str}}/keyboard"
#: seconds that outcomes are counted for
_DAY = 24 * 3600
#: more keys than a workspace has: five kinds, and what was replaced in half a year
_MOST_KEYS = 200
_MOST_PURPOSES = 100
#: outcomes that are no refusal of a value
_ANSWERED = ("good", "wrong", "locked")


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it came back: what was written, and what is wrong with it."""

    form: Form = field(default_factory=lambda: made_form(()))
    errors: tuple[tuple[str, str], ...] = ()

    def error(self, name: str) -> str:
        return next((sentence for place, sentence in self.errors if place == name), "")


@dataclass(frozen=True, slots=True)
class Desk(Visit):
    """One request. Methods of the service take `*caller` first."""

    caller: Caller
    admin: KeyboardAdmin


async def provide_desk(visit: Service[Visit], caller: TheCaller, keyboard_admin: Service[KeyboardAdmin]) -> Desk:
    return Desk(visit.request, visit.view, visit.console, caller, keyboard_admin)


TheDesk: TypeAlias = Service[Desk]


@get(_HERE, opt=needs("key.manage"))
async def show_keyboard(desk: TheDesk) -> Response[bytes]:
    """Keys, purposes, and what came of values. The address's `purpose` is the one to be changed."""
    name = desk.request.query_params.get("purpose", "")
    found = await desk.admin.purposes(*desk.caller, _MOST_PURPOSES, None) if name else []
    one = next((one for one in found if one.name == name), None)
    return await _page(desk, Filled(made_form(_written(one)) if one else made_form(())))


def _written(purpose: Purpose) -> Iterator[tuple[str, str]]:
    """A purpose as the form's fields."""
    for name, value in msgspec.structs.asdict(purpose).items():
        for one in value if isinstance(value, list) else [value]:
            yield name, str(one)


async def _page(desk: Desk, filled: Filled, status: int = 200) -> Response[bytes]:
    admin, caller = desk.admin, desk.caller
    counted = await admin.outcomes(*caller, _DAY)
    keys = await admin.keys(*caller, _MOST_KEYS, None)
    return desk.page(
        "keyboard/keyboard.html",
        status=status,
        keys=sorted(keys, key=lambda key: (key.replaced_at is not None, key.algorithm, -key.created_at)),
        public={key.kid: base64.b64encode(key.public).decode() for key in keys},
        purposes=await admin.purposes(*caller, _MOST_PURPOSES, None),
        services=await admin.services(*caller),
        answered=_sums(counted, refused=False),
        refused=_sums(counted, refused=True),
        filled=filled,
        form=filled.form,
    )


def _sums(counted: list[OutcomeCount], *, refused: bool) -> list[tuple[str, str, int]]:
    """Purpose, outcome, how often; over what was done with the values."""
    sums: dict[tuple[str, str], int] = {}
    for one in counted:
        if (one.outcome not in _ANSWERED) is refused and one.action != "unlock":
            sums[one.purpose, one.outcome] = sums.get((one.purpose, one.outcome), 0) + one.times
    return [(*key, times) for key, times in sorted(sums.items(), key=lambda item: (-item[1], item[0]))]


@post(f"{_HERE}/keys", opt=needs("key.manage"))
async def renew_keyboard_key(desk: TheDesk) -> Response[bytes]:
    """A new key in place of the newest one of the field `algorithm`."""
    algorithm = (await read_form(desk.request)).one("algorithm")
    if algorithm not in get_args(KeyAlgorithm):
        raise Problem("invalid", f"There is no algorithm {algorithm[:40]}.", "Choose one of the list.")
    await desk.admin.renew_key(*desk.caller, cast(KeyAlgorithm, algorithm))
    return desk.go("keyboard", desk.t("keyboard.key.renewed", algorithm=desk.t(f"keyboard.algorithm.{algorithm}")))


@post(f"{_HERE}/purposes", opt=needs("key.manage"))
async def set_keyboard_purpose(desk: TheDesk) -> Response[bytes]:
    """Make a purpose, or change the one whose `revision` is given."""
    form = await read_form(desk.request)
    kind: Kind = "password" if form.one("kind") == "password" else "pin"
    purpose = Purpose(
        name=form.one("name"), kind=kind, shortest=form.number("shortest"), longest=form.number("longest"),
        tries=form.number("tries"), lock_seconds=form.number("lock_seconds"), verifiers=list(form.all("verifiers")),
        openers=list(form.all("openers")),
    )  # fmt: skip
    errors = tuple((place, desk.t(f"keyboard.mistake.{word}")) for place, word in check_purpose(purpose))
    if not errors:
        try:
            await desk.admin.set_purpose(
                *desk.caller, purpose, form.number("revision") if form.one("revision") else None
            )
        except Problem as problem:
            if problem.code not in ("invalid", "conflict"):
                raise
            words: Literal["changed", "tokens"] = "changed" if problem.code == "conflict" else "tokens"
            errors = (("name" if words == "changed" else "verifiers", desk.t(f"keyboard.mistake.{words}")),)
    if errors:
        return await _page(desk, Filled(form, errors), 422)
    return desk.go("keyboard", desk.t("keyboard.purpose.saved", name=purpose.name))


HANDLERS: tuple[Any, ...] = (
    Router(
        "/",
        route_handlers=(show_keyboard, renew_keyboard_key, set_keyboard_purpose),
        dependencies={"desk": Provide(provide_desk)},
    ),
)
