"""The work list: what the bank's machines leave to a person, each with why it is here; taking it, and deciding it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from msgspec import Struct
from sqlalchemy import Connection, Row, select

from bank.centres import line, loan_rows, worklist
from bank.centres.claims import FILM
from bank.centres.worklist import Item, Word
from bank.credit import applications as credit
from bank.credit.worklist import Officer
from bank.refusals import Refusal
from bank.staff import members, paperwork, proposals, trail, views
from bank.staff.decisions import Readable, readable
from bank.staff.desk import Desk, TheDesk, needs, picture_type
from bank.tables import applications, batches, claims, documents
from bank.values import Loan
from eden.base.api.handlers import FromPath, ThePaging
from eden.base.problems import not_found
from eden.console.http import CONTENT_SECURITY_POLICY, SECURITY_HEADERS
from eden.console.view import ROOT

_HERE = f"{ROOT}/work"
_ONE = f"{_HERE}/{{item:str}}"
_TABS = {"": "staff.work.tab-open", "mine": "staff.work.tab-mine", "done": "staff.work.tab-done"}
#: what may be said about an item of a kind; of others all that there is
_WORDS = {
    "credit": (Word.APPROVE, Word.REFUSE, Word.ASK_AGAIN), "claim": (Word.APPROVE, Word.REFUSE),
    "loan": (Word.APPROVE, Word.ASK_AGAIN), "write-off": (Word.APPROVE, Word.REFUSE),
}  # fmt: skip
#: of whoever decides: all that items ask for
_SKILLS = ("credit", "claims")
#: kinds whose subject is a loan
_LOANS = ("loan", "write-off")


@get(_HERE, opt=needs("work.read"))
async def show_work(desk: TheDesk, paging: ThePaging) -> Response[bytes]:
    """What waits, the nearest deadline first; what one has taken; what was decided."""
    tab = desk.asked.one("list")
    tab = tab if tab in _TABS else ""
    kind = desk.asked.one("kind")
    kind = kind if kind in worklist.DECIDERS else ""
    cursor, at = paging.after(str) or "", desk.at
    owner = desk.member.login if tab == "mine" else None

    def work(connection: Connection) -> tuple[Any, ...]:
        return (
            worklist.items(
                connection, at, state="done" if tab == "done" else "open", kind=kind, owner=owner, cursor=cursor
            ),
            line.figures(connection, at),
            _others(desk, connection),
            _names(connection),
        )

    found, figures, others, names = await desk.read(work)
    tabs = [(desk.t(key), desk.url("work", list=one), one) for one, key in _TABS.items()]
    query = {"list": tab, "kind": kind}
    following = desk.following("work", found.next, **query) if found.next else ""
    first = desk.url("work", **query) if cursor else ""
    return desk.page(
        "staff/work.html", tab=tab, tabs=tabs, found=found.items, figures=figures, others=others if not tab else [],
        names=names, kind=kind, kinds=sorted(worklist.DECIDERS), next=following, first=first,
    )  # fmt: skip


def _others(desk: Desk, connection: Connection) -> list[tuple[str, str, str]]:
    """What else waits for somebody with this person's roles: kind, what it is, where it is."""
    found = []
    me = desk.member.id
    if desk.view.may("batches.read"):
        rows = connection.execute(select(batches).where(batches.c.state == "failed").order_by(batches.c.day)).all()
        found += [("batch", f"{row.name} {row.day}", desk.url("batches")) for row in rows]
    for kind, permission, path in (
        (proposals.REVERSAL, "reversals.decide", "reversals"),
        (proposals.PRODUCT, "products.decide", ""),
        (proposals.LENDER, "products.decide", "lender"),
    ):
        if desk.view.may(permission):
            waiting = proposals.of_kind(connection, kind, states=("waiting",), limit=200)
            found += [
                (kind, one.note, desk.url(path or f"product-drafts/{one.id}")) for one in waiting if one.author_id != me
            ]
    return found


@get(_ONE, opt=needs("work.read"))
async def show_item(desk: TheDesk, item: FromPath[str]) -> Response[bytes]:
    """One of them: why it is here, what is known, what was said."""

    def work(connection: Connection) -> tuple[Item, Case, list[Item], dict[str, str]]:
        found = worklist.find(connection, item, desk.at)
        case = _case(desk, connection, found)
        before = [one for one in worklist.of_subject(connection, found.kind, found.subject, desk.at) if one.id != item]
        target = trail.customer(found.customer)
        desk.trail.do_note(connection, desk.member, "work.read", target, item=item, number=found.number)
        return found, case, before, _names(connection)

    found, case, before, names = await desk.write(work)
    words = [word.value for word in _WORDS.get(found.kind, tuple(Word))]
    answer = desk.page(
        "staff/work-item.html", item=found, case=case, before=before, names=names, me=desk.member.login, words=words
    )
    if case.film:
        # of all pages only this one plays something
        answer.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; media-src 'self'"
    return answer


class Case(Struct, frozen=True):
    """What is known of an item's subject, by its kind: an application's decision, way and papers, a claim and whether
    it brought a film, a loan with its row of `loan_states`."""

    decision: Readable | None = None
    way: credit.Case | None = None
    papers: Sequence[paperwork.Paper] = ()
    claim: Row[Any] | None = None
    film: bool = False
    loan: Loan | None = None
    standing: Row[Any] | None = None


def _case(desk: Desk, connection: Connection, item: Item) -> Case:
    if item.kind == "credit":
        row = connection.execute(select(applications).where(applications.c.id == item.subject)).one()
        decision = readable(row.detail["decision"]) if "decision" in row.detail else None
        return Case(
            decision=decision,
            way=line.find(connection, item.subject),
            papers=paperwork.of_application(connection, desk.bank.seal, item.subject, desk.at),
        )
    if item.kind == "claim":
        claim = connection.execute(
            select(claims, documents.c.kind.label("evidence"))
            .join(documents, documents.c.id == claims.c.photo)
            .where(claims.c.id == item.subject)
        ).first()
        return Case(claim=claim, film=claim is not None and claim.evidence == FILM)
    if item.kind in _LOANS:
        return Case(
            loan=loan_rows.find(connection, item.customer, item.subject, desk.today, desk.chinese),
            standing=views.standing_of(connection, item.subject),
        )
    return Case()


@get(f"{_ONE}/evidence", opt=needs("work.read"))
async def show_evidence(desk: TheDesk, item: FromPath[str]) -> Response[bytes]:
    """The photo or film of a claim."""

    def work(connection: Connection) -> Row[Any]:
        found = worklist.find(connection, item, desk.at)
        row = connection.execute(
            select(documents).join(claims, claims.c.photo == documents.c.id).where(claims.c.id == found.subject)
        ).first()
        if row is None:
            raise not_found("The photo")
        desk.trail.do_note(
            connection, desk.member, "claim.evidence", trail.customer(found.customer), number=found.number
        )
        return row

    row = await desk.write(work)
    headers = SECURITY_HEADERS | {"Cache-Control": "no-store"}
    return Response(row.content, media_type=_media_type(row.kind, row.content), headers=headers)


def _media_type(kind: str, content: bytes) -> str:
    """Of what was checked when the claim was filed."""
    if kind == FILM:
        return "video/quicktime" if content[4:10] == b"ftypqt" else "video/mp4"
    return picture_type(content)


@post(f"{_HERE}/next", opt=needs("work.decide"))
async def take_next(desk: TheDesk) -> Response[bytes]:
    """Take the most urgent of what nobody has, as many as one person has at a time."""
    officer = Officer(desk.member.login, _SKILLS)

    def work(connection: Connection) -> int:
        given = worklist.do_assign(connection, [officer], desk.at)
        for item in given:
            found = worklist.find(connection, item, desk.at)
            target = trail.customer(found.customer)
            desk.trail.do_note(connection, desk.member, "work.take", target, item=item, number=found.number)
        return len(given)

    if not await desk.write(work):
        return desk.go("work", desk.t("staff.work.none-next", most=officer.most), "bad")
    return desk.go("work", desk.t("staff.work.taken-next"))


@post(f"{_ONE}/take", opt=needs("work.decide"))
async def take(desk: TheDesk, item: FromPath[str]) -> Response[bytes]:
    """Take it: nobody else decides it now."""
    return await _do(desk, item, "take", worklist.do_claim, "staff.work.taken")


@post(f"{_ONE}/give-back", opt=needs("work.decide"))
async def give_back(desk: TheDesk, item: FromPath[str]) -> Response[bytes]:
    """Let others take it."""
    return await _do(desk, item, "give-back", worklist.do_give_back, "staff.work.given-back")


async def _do(desk: Desk, item: str, verb: str, do: Any, said: str) -> Response[bytes]:
    def work(connection: Connection) -> None:
        found = do(connection, item, desk.member.login, desk.at)
        target = trail.customer(found.customer)
        desk.trail.do_note(connection, desk.member, f"work.{verb}", target, item=item, number=found.number)

    try:
        await desk.write(work)
    except Refusal as refusal:
        return desk.go(f"work/{item}", desk.said(refusal), "bad")
    return desk.go(f"work/{item}", desk.t(said))


@post(f"{_ONE}/decide", opt=needs("work.decide"))
async def decide(desk: TheDesk, item: FromPath[str]) -> Response[bytes]:
    """Say one's word, with a note that is kept and what follows from it at once."""
    form, at = await desk.form(), desk.at
    text, note = form.one("word"), form.one("note")[:500]
    if text not in list(Word):
        raise not_found("The page")

    def work(connection: Connection) -> Item:
        found = worklist.do_decide(connection, item, desk.member.login, Word(text), note, at)
        target = trail.customer(found.customer)
        detail = {"item": item, "number": found.number, "word": text, "note": note}
        desk.trail.do_note(connection, desk.member, "work.decide", target, **detail)
        return found

    try:
        found = await desk.write(work)
    except Refusal as refusal:
        return desk.go(f"work/{item}", desk.said(refusal), "bad")
    # what is to be paid by it is an order now
    await desk.bank.tending.look()
    return desk.go(f"work/{item}", desk.t("staff.work.half" if found.state == "open" else "staff.work.decided"))


def _names(connection: Connection) -> dict[str, str]:
    """Names by login."""
    return {member.login: member.name for member, _ in members.everybody(connection)}


HANDLERS: tuple[Any, ...] = (show_work, show_item, show_evidence, take_next, take, give_back, decide)
