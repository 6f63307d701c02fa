"""Pages before anybody is known: signing in and out, and the link of an invitation."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.datastructures import Cookie

from eden.base.api.access import OPEN, SIGNED_IN, check_same_origin, secret_path
from eden.base.api.authentication import cookie_of
from eden.base.api.handlers import AnyRequest, FromPath, QueryParameter, Service, TheSession
from eden.base.identity import oidc_flow, sessions
from eden.base.identity.oidc_flow import OidcSignIn
from eden.base.identity.service import Identity
from eden.base.problems import Problem
from eden.console.http import html, local_path, redirect
from eden.console.view import ROOT
from eden.console.visit import TheVisit, Visit
from eden.organisation.forms import EMPTY, LARGEST_FORM, Form, as_written, read_form, returned
from eden.organisation.views import LONGEST_NEXT, SIGN_IN

Next = Annotated[str, QueryParameter(name="next", max_length=LONGEST_NEXT)]

#: codes of problems that the sign-in page says in the reader's language
_SAID = ("not-signed-in", "rate-limited", "unavailable")


@get(SIGN_IN, opt=OPEN)
async def show_sign_in(
    visit: TheVisit, oidc: Service[OidcSignIn | None], destination: Next = f"{ROOT}/"
) -> Response[bytes]:
    """The form, or on to the page when somebody has signed in already."""
    if visit.view.person is not None:
        return redirect(visit.request, destination)
    return _sign_in_page(visit, oidc, EMPTY, destination)


@post(SIGN_IN, opt=OPEN, request_max_body_size=LARGEST_FORM)
async def sign_in(visit: TheVisit, identity: Service[Identity], oidc: Service[OidcSignIn | None]) -> Response[bytes]:
    """Check e-mail and password, begin a session."""
    # somebody else's form must not sign a person in as somebody else
    check_same_origin(visit.request)
    values = await read_form(visit)
    destination = local_path(values.get("next", ""))
    email = values.get("email", "")
    try:
        secret = await identity.sign_in(email, values.get("password", ""), _address(visit.request))
    except Problem as problem:
        if problem.code not in _SAID:
            raise
        form = Form({"email": email}, (("", visit.t(f"organisation.sign-in.{problem.code}")),))
        answer = _sign_in_page(visit, oidc, form, destination, problem.status)
        answer.headers.update(problem.headers)
        return answer
    return _begun(visit.request, secret, destination)


@get(f"{SIGN_IN}/oidc", opt=OPEN)
async def begin_oidc(
    visit: TheVisit, identity: Service[Identity], oidc: Service[OidcSignIn | None], destination: Next = f"{ROOT}/"
) -> Response[bytes]:
    """On to the provider."""
    if oidc is None:
        raise Problem("not-found", "There is no other way to sign in here.")
    try:
        begun = await oidc.begin(local_path(destination), _callback(visit.request, identity), _address(visit.request))
    except Problem as problem:
        return _refused(visit, oidc, problem)
    answer = html(b"", status=303, headers={"Location": begun.url})
    answer.set_cookie(_oidc_cookie(visit.request, begun.cookie, oidc_flow.FLOW_SECONDS))
    return answer


@get(oidc_flow.PATH, opt=OPEN)
async def finish_oidc(
    visit: TheVisit, identity: Service[Identity], oidc: Service[OidcSignIn | None]
) -> Response[bytes]:
    """The provider's answer."""
    if oidc is None:
        raise Problem("not-found", "There is no other way to sign in here.")
    request = visit.request
    state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
    secure = request.url.scheme == "https"
    cookie = cookie_of(request.headers.get("cookie", "").encode("latin-1"), oidc_flow.cookie_name(secure))
    try:
        secret, destination = await oidc.finish(cookie, state, code, _callback(request, identity))
    except Problem as problem:
        return _refused(visit, oidc, problem)
    answer = _begun(request, secret, destination)
    answer.set_cookie(_oidc_cookie(request, "", 0))
    return answer


@post("/console/sign-out", opt=SIGNED_IN, request_max_body_size=LARGEST_FORM)
async def sign_out(request: AnyRequest, session: TheSession, identity: Service[Identity]) -> Response[bytes]:
    """End this session."""
    await identity.sign_out(session)
    return _ended(request)


@post("/console/sign-out/everywhere", opt=SIGNED_IN, request_max_body_size=LARGEST_FORM)
async def sign_out_everywhere(request: AnyRequest, session: TheSession, identity: Service[Identity]) -> Response[bytes]:
    """End all sessions of this person."""
    await identity.sign_out(session, everywhere=True)
    return _ended(request)


@get("/console/invitation/{secret:str}", opt=secret_path(OPEN))
async def show_invitation(visit: TheVisit, secret: FromPath[str], identity: Service[Identity]) -> Response[bytes]:
    """The form in which an invited person sets a password."""
    return _invitation_page(visit, secret, await identity.invited(secret), EMPTY)


@post("/console/invitation/{secret:str}", opt=secret_path(OPEN), request_max_body_size=LARGEST_FORM)
async def accept_invitation(visit: TheVisit, secret: FromPath[str], identity: Service[Identity]) -> Response[bytes]:
    """Set the password and sign in."""
    check_same_origin(visit.request)
    values = await read_form(visit)
    email = await identity.invited(secret)
    try:
        session = await identity.accept(secret, values.get("password", ""))
    except Problem as problem:
        return _invitation_page(visit, secret, email, returned(values, problem, visit))
    return _begun(visit.request, session, f"{ROOT}/")


def _invitation_page(visit: Visit, secret: str, email: str, form: Form) -> Response[bytes]:
    return visit.page("organisation/invitation.html", status=form.status, secret=secret, email=email, form=form)


def _sign_in_page(
    visit: Visit, oidc: OidcSignIn | None, form: Form, destination: str, status: int = 200
) -> Response[bytes]:
    return visit.page(
        "organisation/sign-in.html",
        status=status,
        form=form,
        destination=local_path(destination),
        provider=oidc.provider.client.name if oidc else "",
    )


def _refused(visit: Visit, oidc: OidcSignIn, problem: Problem) -> Response[bytes]:
    """The sign-in page, with why the provider's way did not work."""
    why = visit.t("organisation.sign-in.provider-refused", why=as_written(problem.sentence, visit.view))
    return _sign_in_page(visit, oidc, Form({}, (("", why),)), f"{ROOT}/", problem.status)


def _begun(request: AnyRequest, secret: str, destination: str) -> Response[bytes]:
    answer = redirect(request, destination)
    answer.headers["Set-Cookie"] = sessions.cookie(secret, request.url.scheme == "https")
    return answer


def _ended(request: AnyRequest) -> Response[bytes]:
    answer = redirect(request, SIGN_IN)
    answer.headers["Set-Cookie"] = sessions.cookie("", request.url.scheme == "https")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def _callback(request: AnyRequest, identity: Identity) -> str:
    return identity.origin(str(request.base_url)) + oidc_flow.PATH


def _oidc_cookie(request: AnyRequest, value: str, seconds: int) -> Cookie:
    secure = request.url.scheme == "https"
    return Cookie(
        oidc_flow.cookie_name(secure),
        value=value,
        # browsers take the prefix with this path only
        path="/" if secure else oidc_flow.PATH,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def _address(request: AnyRequest) -> str:
    return request.client.host if request.client else ""


HANDLERS: tuple[Any, ...] = (
    show_sign_in,
    sign_in,
    begin_oidc,
    finish_oidc,
    sign_out,
    sign_out_everywhere,
    show_invitation,
    accept_invitation,
)
