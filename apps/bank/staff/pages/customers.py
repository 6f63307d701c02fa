"""Customers: search, the one view of one, their money's movements, what they were told, and undoing a transfer."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from sqlalchemy import Connection

from bank.centres import accounting, applying, line, loan_rows, messages, payments, statements, worklist
from bank.credit.monitoring import SIGNALS
from bank.refusals import Refusal
from bank.staff import members, paperwork, proposals, trail, views
from bank.staff.decisions import readable
from bank.staff.desk import Desk, TheDesk, needs, picture_type
from eden.base.api.handlers import FromPath, ThePaging
from eden.console.http import SECURITY_HEADERS
from eden.console.view import ROOT

_HERE = f"{ROOT}/customers"
_ONE = f"{_HERE}/{{customer:str}}"
#: tabs of a customer's pages in their order; the first one's path is ""
_TABS = {
    "": "staff.customer.tab-overview", "movements": "staff.customer.tab-movements",
    "messages": "staff.customer.tab-messages", "trail": "staff.customer.tab-trail",
}  # fmt: skip


@get(_HERE, opt=needs("customers.read"))
async def show_customers(desk: TheDesk, paging: ThePaging) -> Response[bytes]:
    """Found by name, phone, account or number; who was shown is written down."""
    text, before = desk.asked.one("q")[:80], paging.after(str) or ""
    found = await desk.read(lambda connection: views.search(connection, text, before, paging.limit + 1))
    shown = found[: paging.limit]
    if shown:
        # not what was typed, which may be a whole phone number: whom it has shown
        ids = [one.id for one in shown]
        await desk.write(
            lambda connection: desk.trail.do_note(connection, desk.member, trail.LIST, "customers", shown=ids)
        )
    following = desk.following("customers", shown[-1].id, q=text) if len(found) > paging.limit else ""
    first = desk.url("customers", q=text) if before else ""
    return desk.page("staff/customers.html", found=shown, text=text, next=following, first=first)


@get(_ONE, opt=needs("customers.read"))
async def show_customer(desk: TheDesk, customer: FromPath[str]) -> Response[bytes]:
    """Everything in one view, masked."""
    return await _overview(desk, customer)


@post(f"{_ONE}/unmasked", opt=needs("customers.unmask"))
async def unmask(desk: TheDesk, customer: FromPath[str]) -> Response[bytes]:
    """The same with numbers in full, in this answer only, for a reason that is kept."""
    form = await desk.form()
    if not (reason := form.one("reason")[:500]):
        return desk.go(f"customers/{customer}", desk.t("staff.customer.no-reason"), "bad")
    return await _overview(desk, customer, reason)


async def _overview(desk: Desk, customer: str, reason: str = "") -> Response[bytes]:
    whole = await desk.seen(
        "customer.unmask" if reason else "customer.read",
        trail.customer(customer),
        lambda connection: views.whole(
            connection, desk.bank.seal, customer, desk.today, desk.chinese, unmasked=bool(reason)
        ),
        **({"reason": reason} if reason else {}),
    )
    money = await accounting.balances(desk.bank.ledger, [one.id for one in whole.deposits])
    return _page(desk, "staff/customer.html", customer, whole.view.name, "", whole=whole, balances=money, at=desk.at)


@get(f"{_ONE}/movements", opt=needs("customers.read"))
async def show_movements(desk: TheDesk, customer: FromPath[str], paging: ThePaging) -> Response[bytes]:
    """Money that came and went, the newest first."""
    asked = desk.asked
    text, direction = asked.one("q")[:80], asked.one("direction", "all")
    if direction not in ("all", "in", "out"):
        direction = "all"
    wanted = statements.Filter(direction=direction, text=text, cursor=paging.after(str) or "")
    name, found = await desk.seen(
        "customer.movements",
        trail.customer(customer),
        lambda connection: (
            views.name_of(connection, customer), statements.page(connection, customer, wanted, paging.limit)
        ),
    )  # fmt: skip
    query = {"q": text, "direction": direction if direction != "all" else ""}
    path = f"customers/{customer}/movements"
    following = desk.following(path, found.next, **query) if found.next else ""
    first = desk.url(path, **query) if wanted.cursor else ""
    return _page(
        desk, "staff/movements.html", customer, name, "movements",
        found=found.items, text=text, direction=direction, next=following, first=first,
    )  # fmt: skip


@get(f"{_ONE}/movements/{{transfer:str}}", opt=needs("customers.read"))
async def show_movement(desk: TheDesk, customer: FromPath[str], transfer: FromPath[str]) -> Response[bytes]:
    """One of them: the order that it came from, what the ledger says, and undoing it."""
    name, line, order, asked, names = await desk.seen(
        "customer.movement",
        trail.customer(customer),
        lambda connection: (
            views.name_of(connection, customer),
            statements.find(connection, customer, transfer),
            views.order(connection, customer, transfer),
            proposals.of_kind(connection, proposals.REVERSAL, subject=transfer),
            members.names(connection),
        ),
        transfer=transfer,
    )
    (posted,) = await desk.bank.ledger.transfers([transfer])
    reversible = order is not None and payments.is_reversible(order, desk.at)
    waiting = any(one.state == "waiting" for one in asked)
    return desk.page(
        "staff/movement.html", customer=customer, name=name, line=line, order=order, posted=posted, asked=asked,
        names=names, reversible=reversible and not waiting,
    )  # fmt: skip


@post(f"{_ONE}/movements/{{transfer:str}}/reversal", opt=needs("reversals.propose"))
async def propose_reversal(desk: TheDesk, customer: FromPath[str], transfer: FromPath[str]) -> Response[bytes]:
    """Ask for its undoing; somebody else decides."""
    reason = (await desk.form()).one("reason")

    def work(connection: Connection) -> None:
        order = views.order(connection, customer, transfer)
        if order is None:
            raise Refusal("no-transaction")
        proposals.do_propose_reversal(connection, desk.member, order, reason, desk.at)

    await desk.seen("reversal.propose", trail.customer(customer), work, transfer=transfer, reason=reason)
    return desk.go(f"customers/{customer}/movements/{transfer}", desk.t("staff.reversal.proposed"))


@get(f"{_ONE}/messages", opt=needs("customers.read"))
async def show_messages(desk: TheDesk, customer: FromPath[str], paging: ThePaging) -> Response[bytes]:
    """What the bank has told the customer."""
    cursor = paging.after(str) or ""
    name, found = await desk.seen(
        "customer.messages",
        trail.customer(customer),
        lambda connection: (
            views.name_of(connection, customer), messages.page(connection, customer, desk.chinese, cursor)
        ),
    )  # fmt: skip
    path = f"customers/{customer}/messages"
    following = desk.following(path, found.next) if found.next else ""
    return _page(
        desk, "staff/messages.html", customer, name, "messages",
        found=found.items, next=following, first=desk.url(path) if cursor else "",
    )  # fmt: skip


@get(f"{_ONE}/loans/{{loan:str}}", opt=needs("customers.read"))
async def show_loan(desk: TheDesk, customer: FromPath[str], loan: FromPath[str]) -> Response[bytes]:
    """A loan with its schedule."""
    name, found, repaid, standing = await desk.seen(
        "customer.loan",
        trail.customer(customer),
        lambda connection: (
            views.name_of(connection, customer),
            loan_rows.find(connection, customer, loan, desk.today, desk.chinese),
            views.repayments_of(connection, loan),
            views.standing_of(connection, loan),
        ),
        loan=loan,
    )
    return desk.page(
        "staff/loan.html", customer=customer, name=name, loan=found, repaid=repaid, standing=standing, signals=SIGNALS
    )


@get(f"{_ONE}/applications/{{application:str}}", opt=needs("customers.read"))
async def show_application(desk: TheDesk, customer: FromPath[str], application: FromPath[str]) -> Response[bytes]:
    """An application, its way, and the decision's trace."""
    name, row, shown, way, items, shots = await desk.seen(
        "customer.application",
        trail.customer(customer),
        lambda connection: (
            views.name_of(connection, customer),
            applying.own(connection, customer, application),
            applying.find(connection, customer, application, desk.chinese),
            line.find(connection, application),
            worklist.of_subject(connection, applying.KIND, application, desk.at),
            paperwork.of_application(connection, desk.bank.seal, application, desk.at),
        ),
        application=application,
    )
    decision = readable(row.detail["decision"]) if "decision" in row.detail else None
    return desk.page(
        "staff/application.html", customer=customer, name=name, row=row, reasons=shown.reasons, way=way,
        items=items if desk.view.may("work.read") else [], decision=decision, papers=shots,
    )  # fmt: skip


@get(f"{_ONE}/applications/{{application:str}}/papers/{{kind:str}}", opt=needs("customers.unmask"))
async def show_photo(
    desk: TheDesk, customer: FromPath[str], application: FromPath[str], kind: FromPath[str]
) -> Response[bytes]:
    """The photo of a paper, which has its numbers in full."""

    def work(connection: Connection) -> bytes:
        row = applying.own(connection, customer, application)
        content, sha256 = paperwork.photo(connection, desk.bank.seal, application, kind)
        target = trail.customer(customer)
        desk.trail.do_note(
            connection, desk.member, "application.photo", target, number=row.number, paper=kind, sha256=sha256
        )
        return content

    content = await desk.write(work)
    headers = SECURITY_HEADERS | {"Cache-Control": "no-store"}
    return Response(content, media_type=picture_type(content), headers=headers)


@get(f"{_ONE}/trail", opt=needs("customers.read"))
async def show_trail(desk: TheDesk, customer: FromPath[str], paging: ThePaging) -> Response[bytes]:
    """Who has looked at this customer, and what was done."""
    before = paging.after(int)
    name, found = await desk.seen(
        "customer.trail",
        trail.customer(customer),
        lambda connection: (
            views.name_of(connection, customer),
            trail.read(connection, about=customer, before=before, limit=paging.limit + 1),
        ),
    )
    shown = found[: paging.limit]
    path = f"customers/{customer}/trail"
    following = desk.following(path, shown[-1].seq) if len(found) > paging.limit else ""
    return _page(
        desk, "staff/customer-trail.html", customer, name, "trail",
        entries=shown, next=following, first=desk.url(path) if before else "",
    )  # fmt: skip


def _page(desk: Desk, template: str, customer: str, name: str, tab: str, **values: Any) -> Response[bytes]:
    path = f"customers/{customer}"
    tabs = [(desk.t(key), desk.url(f"{path}/{one}" if one else path), one) for one, key in _TABS.items()]
    return desk.page(template, customer=customer, name=name, tab=tab, tabs=tabs, **values)


HANDLERS: tuple[Any, ...] = (
    show_customers, show_customer, unmask, show_movements, show_movement, propose_reversal, show_messages, show_loan,
    show_application, show_photo, show_trail,
)  # fmt: skip
