"""What every handler of these pages begins with: one request of one member of staff, and the bank."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from litestar import Request, Response
from litestar.datastructures import State
from sqlalchemy import Connection

from bank import times
from bank.centres.customers import masked_number
from bank.refusals import Refusal, yuan
from bank.server import Bank
from bank.staff.members import PERMISSIONS, Member, Session
from bank.staff.trail import Trail
from eden.base.api.handlers import Service
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.console.forms import Form, made_form, read_form
from eden.console.frame import Console
from eden.console.http import AnyRequest, local_path, read_flashes, read_locale, read_theme
from eden.console.messages import read_catalogue
from eden.console.view import ROOT, Person, ViewContext
from eden.console.visit import Visit

T = TypeVar("T")

#: bytes of a form; the largest is a receipt that somebody pastes
LARGEST_FORM = 128 * 1024
#: of all sentences
_KEYS = frozenset(read_catalogue(Path(__file__).with_name("messages.en.toml")))
#: of sentences, by what centres call customers' levels
_LEVELS = {
    "普通客户": "staff.customer.level-standard",
    "金卡客户": "staff.customer.level-gold",
    "白金客户": "staff.customer.level-platinum",
}
SIGN_IN = f"{ROOT}/sign-in"
COOKIE = "bank_staff"
#: who may ask: everybody, or who is signed in (`needs`: with a permission)
OPEN: dict[str, Any] = {"access": "open"}
SIGNED_IN: dict[str, Any] = {"access": "signed-in"}
#: field or place, sentence
Mistakes: TypeAlias = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it came back: what was written, and what is wrong with it."""

    form: Form = field(default_factory=lambda: made_form(()))
    errors: Mistakes = ()

    def error(self, name: str) -> str:
        return next((sentence for place, sentence in self.errors if place == name), "")

    def one(self, name: str, usual: object = "") -> str:
        return self.form.one(name, str(usual))


@dataclass(frozen=True, slots=True)
class Desk(Visit):
    """One request. `session` is there on every page but that of signing in."""

    bank: Bank
    trail: Trail
    signed_in: Session | None

    @property
    def session(self) -> Session:
        assert self.signed_in is not None
        return self.signed_in

    @property
    def member(self) -> Member:
        """Who asks."""
        return self.session.member

    @property
    def chinese(self) -> bool:
        return self.view.locale == "zh"

    @property
    def at(self) -> int:
        """µs of the bank's clock."""
        return self.bank.clock()

    @property
    def today(self) -> datetime.date:
        """The bank's."""
        return times.day_of(self.at)

    @property
    def asked(self) -> Form:
        """What the address says."""
        return made_form(self.request.query_params.multi_items())

    async def form(self) -> Form:
        return await read_form(self.request)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self.bank.database.read(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await self.bank.database.write(work)

    async def seen(self, action: str, target: str, work: Callable[[Connection], T], **detail: Any) -> T:
        """What a page shows of a customer, read in the write that records that it was seen."""

        def read(connection: Connection) -> T:
            found = work(connection)
            self.trail.do_note(connection, self.member, action, target, **detail)
            return found

        return await self.write(read)

    def page(self, template: str, /, *, block: str | None = None, status: int = 200, **values: Any) -> Response[bytes]:
        """A page; amounts in cents become texts by `money`, numbers of accounts by `masked`, the centres' times moments
        by `moment`. `levels` are the keys of customers' levels by what centres call them, `known` the keys of
        sentences, for words of centres that may have more of them."""
        return Visit.page(
            self,
            template,
            block=block,
            status=status,
            money=yuan,
            masked=masked_number,
            moment=times.read,
            levels=_LEVELS,
            here=self.chinese,
            known=_KEYS,
            **values,
        )

    def said(self, refusal: Problem) -> str:
        """A refusal of a centre in the reader's language."""
        if isinstance(refusal, Refusal):
            return refusal.chinese if self.chinese else refusal.sentence
        return str(self.console.explain(self.view, refusal))


TheDesk: TypeAlias = Service[Desk]


def needs(permission: str) -> dict[str, Any]:
    """For the roles that have it; ValueError for a word that none has."""
    if permission not in PERMISSIONS:
        raise ValueError(f"no role has the permission {permission}")
    return {"access": permission}


def provide_desk(request: AnyRequest) -> Desk:
    """Dependency `desk`."""
    state: State = request.app.state
    return Desk(request, view_of(request), state.console, state.bank, state.trail, request.state.get("session", None))


def view_of(request: AnyRequest) -> ViewContext:
    """The request as a page knows it."""
    session: Session | None = request.state.get("session", None)
    view = ViewContext(
        path=_standing(request),
        now=now(),
        locale=read_locale(request),
        theme=read_theme(request),
        csrf=session.csrf if session else "",
        flashes=read_flashes(request),
    )
    if session is None:
        return view
    console: Console = request.app.state.console
    t = console.translator(view)
    words = ", ".join(t(f"staff.role.{role}") for role in session.member.roles)
    person = Person(session.member.name, session.member.login, words)
    return replace(view, person=person, permissions=session.member.permissions)


def _standing(request: Request[Any, Any, Any]) -> str:
    """Where the reader is, for the switches of language and theme: what answers a form stands where the form was."""
    if request.method == "GET":
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    try:
        form = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return f"{ROOT}/"
    return local_path(form.path + (f"?{form.query}" if form.query else ""))


def picture_type(content: bytes) -> str:
    """Of a photo, which is JPEG or PNG."""
    return "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"


def chosen_day(desk: Desk, name: str = "day") -> datetime.date | None:
    """A day of the address; None when it names none. Problem "not-found" for a day that is none."""
    text = desk.asked.one(name)
    if not text:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise not_found(f"The day {text}") from None
