"""The product editor: what is sold now, drafts of what shall be, and the second pair of eyes on them."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Response, get, post
from sqlalchemy import Connection

from bank.centres import products
from bank.centres.accounting import CHART
from bank.centres.products import Product, Versioned
from bank.credit import artefacts
from bank.refusals import Refusal
from bank.staff import members, product_forms, proposals
from bank.staff.desk import Desk, Filled, TheDesk, needs
from bank.staff.product_forms import Mistake
from bank.staff.proposals import PRODUCT, Proposal
from eden.base.api.handlers import FromPath, ThePaging
from eden.base.problems import not_found
from eden.console.forms import Form, made_form
from eden.console.view import ROOT

_HERE = f"{ROOT}/products"
_DRAFTS = f"{ROOT}/product-drafts"
_VERBS = {
    "submit": "products.propose", "withdraw": "products.propose", "approve": "products.decide",
    "refuse": "products.decide",
}  # fmt: skip
_KINDS = ("loan", "deposit")
#: of whole numbers: what they count
_COUNTED = {"late_days": "staff.product.some-days", "prepay_fee_months": "staff.product.some-months"}
#: what is said after a verb, by the state that it led to
_NOW = {
    "waiting": "staff.draft.now-waiting", "withdrawn": "staff.draft.now-withdrawn",
    "approved": "staff.draft.now-approved", "done": "staff.draft.now-done", "refused": "staff.draft.now-refused",
    "stale": "staff.draft.now-stale",
}  # fmt: skip


@get(_HERE, opt=needs("products.read"))
async def show_products(desk: TheDesk) -> Response[bytes]:
    """What is sold, and what is on its way."""
    sold, open_, names = await desk.read(
        lambda connection: (
            products.newest(connection),
            proposals.of_kind(connection, PRODUCT, states=("draft", "waiting", "approved"), limit=200),
            members.names(connection),
        )
    )
    return desk.page("staff/products.html", sold=sold, open=open_, names=names, kind_of=product_forms.kind_of)


@get(f"{_HERE}/new/{{kind:str}}", opt=needs("products.propose"))
async def show_new(desk: TheDesk, kind: FromPath[str]) -> Response[bytes]:
    """The form of a product that there is not yet."""
    return _form(desk, _kind(kind), None, Filled(made_form([("effective", desk.today.isoformat())])))


@post(f"{_HERE}/new/{{kind:str}}", opt=needs("products.propose"))
async def create(desk: TheDesk, kind: FromPath[str]) -> Response[bytes]:
    """A draft of it."""
    return await _draft(desk, _kind(kind), None, await desk.form())


@get(f"{_HERE}/{{code:str}}", opt=needs("products.read"))
async def show_product(desk: TheDesk, code: FromPath[str], paging: ThePaging) -> Response[bytes]:
    """The running version, its forerunners with what each changed, and what was proposed."""
    before = paging.after(str) or ""
    versions, found, names = await desk.read(
        lambda connection: (
            products.history(connection, code),
            proposals.of_kind(connection, PRODUCT, subject=code, before=before, limit=paging.limit + 1),
            members.names(connection),
        )
    )
    if not versions and not found:
        raise not_found(f"The product {code}")
    steps = [
        (one, product_forms.changes(versions[place + 1].product if place + 1 < len(versions) else None, one.product))
        for place, one in enumerate(versions)
    ]
    shown = found[: paging.limit]
    following = desk.following(f"products/{code}", shown[-1].id) if len(found) > paging.limit else ""
    running = versions[0] if versions else None
    return desk.page(
        "staff/product.html", code=code, running=running, steps=steps, found=shown, names=names, next=following,
        first=desk.url(f"products/{code}") if before else "",
        texts=product_forms.written(running.product) if running else {}, product_text=partial(_said, desk),
    )  # fmt: skip


@get(f"{_HERE}/{{code:str}}/edit", opt=needs("products.propose"))
async def show_edit(desk: TheDesk, code: FromPath[str]) -> Response[bytes]:
    """The form with the running version in it."""
    running = await desk.read(lambda connection: products.find(connection, code))
    texts = product_forms.written(running.product) | {"effective": desk.today.isoformat()}
    return _form(desk, product_forms.kind_of(running.product), running, Filled(made_form(texts.items())))


@post(f"{_HERE}/{{code:str}}/edit", opt=needs("products.propose"))
async def edit(desk: TheDesk, code: FromPath[str]) -> Response[bytes]:
    """A draft of its next version."""
    running = await desk.read(lambda connection: products.find(connection, code))
    return await _draft(desk, product_forms.kind_of(running.product), running, await desk.form())


@get(f"{_DRAFTS}/{{identifier:str}}", opt=needs("products.read"))
async def show_draft(desk: TheDesk, identifier: FromPath[str]) -> Response[bytes]:
    """A draft, what it changes, and what may be done with it."""
    found, running, names = await desk.read(
        lambda connection: (
            (one := proposals.find(connection, identifier, PRODUCT)),
            _running(connection, one),
            members.names(connection),
        )
    )
    product = products.read_product(found.document)
    changes = product_forms.changes(running.product if running else None, product)
    return desk.page(
        "staff/draft.html", draft=found, changes=changes, names=names, me=desk.member.id,
        product_text=partial(_said, desk),
    )  # fmt: skip


@get(f"{_DRAFTS}/{{identifier:str}}/edit", opt=needs("products.propose"))
async def show_edit_draft(desk: TheDesk, identifier: FromPath[str]) -> Response[bytes]:
    """The form of a draft of one's own."""
    found, running = await desk.read(
        lambda connection: ((one := proposals.find(connection, identifier, PRODUCT)), _running(connection, one))
    )
    product = products.read_product(found.document)
    texts = product_forms.written(product) | {
        "effective": found.effective, "note": found.note, "code": found.subject
    }  # fmt: skip
    return _form(desk, product_forms.kind_of(product), running, Filled(made_form(texts.items())), found)


@post(f"{_DRAFTS}/{{identifier:str}}/edit", opt=needs("products.propose"))
async def edit_draft(desk: TheDesk, identifier: FromPath[str]) -> Response[bytes]:
    """Change a draft of one's own."""
    found, running = await desk.read(
        lambda connection: ((one := proposals.find(connection, identifier, PRODUCT)), _running(connection, one))
    )
    kind = product_forms.kind_of(products.read_product(found.document))
    return await _draft(desk, kind, running, await desk.form(), found)


@post(f"{_DRAFTS}/{{identifier:str}}/{{verb:str}}", opt=needs("products.read"))
async def move(desk: TheDesk, identifier: FromPath[str], verb: FromPath[str]) -> Response[bytes]:
    """Submit, withdraw, approve, refuse. What is approved for today is sold from now on."""
    if verb not in _VERBS:
        raise not_found("The page")
    path = f"product-drafts/{identifier}"
    if not desk.view.may(_VERBS[verb]):
        return desk.go(path, desk.t("staff.not-permitted"), "bad")
    note, at = (await desk.form()).one("reason"), desk.at

    def work(connection: Connection) -> Proposal:
        moved = proposals.do_move(connection, identifier, PRODUCT, verb, desk.member, note, at)
        desk.trail.do_note(
            connection, desk.member, f"product.{verb}", f"product {moved.subject}", proposal=identifier, reason=note
        )
        proposals.do_release(connection, members.names(connection), at)
        return proposals.find(connection, identifier, PRODUCT)

    try:
        moved = await desk.write(work)
    except Refusal as refusal:
        return desk.go(path, desk.said(refusal), "bad")
    return desk.go(path, desk.t(_NOW[moved.state]), "warning" if moved.state == "stale" else "good")


async def _draft(
    desk: Desk, kind: str, running: Versioned | None, form: Form, known: Proposal | None = None
) -> Response[bytes]:
    """Keep what was written as a draft, or give the form back."""
    code = known.subject if known else running.code if running else form.one("code").upper()
    errors: list[tuple[str, str]] = []
    product: Product | None = None
    try:
        product = product_forms.read(form, kind, running.product if running else None)
    except Mistake as mistake:
        errors += [(name, desk.t(f"staff.product.wrong-{key}")) for name, key in mistake.found]
    if running is None and (wrong := await _code_mistake(desk, code, kind, known)):
        errors.append(("code", desk.t(f"staff.product.wrong-{wrong}")))
    if not form.one("note"):
        errors.append(("note", desk.t("staff.product.wrong-note")))
    if not errors and product is not None:
        effective, note, at = form.one("effective"), form.one("note"), desk.at

        def work(connection: Connection, product: Product = product) -> Proposal:
            if known is not None:
                made = proposals.do_edit(connection, known.id, desk.member, product, effective, note, at)
            else:
                base = running.version if running else 0
                made = proposals.do_draft(connection, desk.member, code, base, product, effective, note, at)
            action = "product.edit" if known else "product.draft"
            desk.trail.do_note(connection, desk.member, action, f"product {code}", proposal=made.id, reason=note)
            return made

        try:
            made = await desk.write(work)
        except Refusal as refusal:
            errors.append(("effective" if refusal.code == "invalid" else "", desk.said(refusal)))
        else:
            return desk.go(f"product-drafts/{made.id}", desk.t("staff.draft.saved"))
    return _form(desk, kind, running, Filled(form, errors), known, status=422)


async def _code_mistake(desk: Desk, code: str, kind: str, known: Proposal | None) -> str:
    """What is wrong with a new product's code: its form, that there is one, or that loans have no rules for it."""
    if known is not None:
        return ""
    if not products.CODE.fullmatch(code):
        return "code"
    if await desk.read(lambda connection: bool(products.history(connection, code))):
        return "code-taken"
    if kind == "loan":
        try:
            artefacts.rules_for(code, desk.today)
        except LookupError:
            return "no-rules"
    return ""


def _running(connection: Connection, proposal: Proposal) -> Versioned | None:
    """The version that it grew from."""
    return products.find(connection, proposal.subject, proposal.base) if proposal.base else None


def _form(
    desk: Desk, kind: str, running: Versioned | None, filled: Filled, known: Proposal | None = None, status: int = 200
) -> Response[bytes]:
    if known:
        action = f"product-drafts/{known.id}/edit"
    else:
        action = f"products/{running.code}/edit" if running else f"products/new/{kind}"
    return desk.page(
        "staff/product-form.html", status=status, kind=kind, running=running, filled=filled, action=action, draft=known,
        accounts=[(code, CHART[code]) for code in product_forms.gl_choices(kind)],
        choices={
            name: [(one, _chosen(desk, name, one)) for one in some]
            for name, some in product_forms.CHOICES[kind].items()
        },
        today=desk.today.isoformat(),
    )  # fmt: skip


def _said(desk: Desk, name: str, text: str) -> str:
    """A field's text as it is shown outside of the form."""
    if name.endswith("_bp"):
        return f"{text} %"
    if name in product_forms.AMOUNTS:
        return f"{text} CNY"
    if name == "is_payment":
        return desk.t("staff.yes") if text else desk.t("staff.no")
    if name == "gl":
        account = CHART.get(int(text))
        return f"{text} {(account.name if desk.chinese else account.name_en) if account else ''}".strip()
    if name in product_forms.NUMBERS:
        return desk.t(_COUNTED[name], count=int(text)) if text else "–"
    return _chosen(desk, name, text) if text else "–"


def _chosen(desk: Desk, name: str, text: str) -> str:
    """What was chosen of a list, and other texts as they are."""
    if name == "method":
        return desk.t(f"staff.method.{text}")
    if name == "purpose":
        return desk.t(f"staff.loan-purpose.{text}")
    if name == "region":
        return desk.t(f"staff.region.{text}")
    if name == "capitalised":
        return desk.t(f"staff.capitalised.{text}")
    return text


def _kind(text: str) -> str:
    if text not in _KINDS:
        raise not_found("The page")
    return text


HANDLERS: tuple[Any, ...] = (
    show_products, show_new, create, show_product, show_edit, edit, show_draft, show_edit_draft, edit_draft, move,
)  # fmt: skip
