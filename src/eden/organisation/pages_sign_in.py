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
from eden.console.frame import Console
from eden.console.http import html, local_path, redirect, respond
from eden.console.view import ViewContext
from eden.organisation.forms import EMPTY, LARGEST_FORM, Form, read_form, returned
from eden.organisation.views import SIGN_IN

Next = Annotated[str, QueryParameter(name="next", max_length=1000)]

#: codes of problems that the sign-in page says in the reader's language
_SAID = ("not-signed-in", "rate-limited", "unavailable")


@get(SIGN_IN, opt=OPEN)
async def show_sign_in(
    request: AnyRequest,
    view: Service[ViewContext],
    console: Service[Console],
    oidc: Service[OidcSignIn | None],
    destination: Next = "/console/",
) -> Response[bytes]:
    """The form, or on to the page when somebody has signed in already."""
    if view.person is not None:
        return redirect(request, destination)
    return _sign_in_page(request, view, console, oidc, EMPTY, destination)


@post(SIGN_IN, opt=OPEN, request_max_body_size=LARGEST_FORM)
async def sign_in(
    request: AnyRequest,
    view: Service[ViewContext],
    console: Service[Console],
    identity: Service[Identity],
    oidc: Service[OidcSignIn | None],
) -> Response[bytes]:
    """Check e-mail and password, begin a session."""
    # somebody else's form must not sign a person in as somebody else
    check_same_origin(request)
    values = await read_form(request)
    destination = local_path(values.get("next", ""))
    try:
        secret = await identity.sign_in(values.get("email", ""), values.get("password", ""), _address(request))
    except Problem as problem:
        if problem.code not in _SAID:
            raise
        sentence = console.translator(view)(f"organisation.sign-in.{problem.code}")
        form = Form({"email": values.get("email", "")}, (("email", sentence),))
        answer = _sign_in_page(request, view, console, oidc, form, destination, problem.status)
        answer.headers.update(problem.headers)
        return answer
    return _begun(request, secret, destination)


@get(f"{SIGN_IN}/oidc", opt=OPEN)
async def begin_oidc(
    request: AnyRequest,
    view: Service[ViewContext],
    console: Service[Console],
    identity: Service[Identity],
    oidc: Service[OidcSignIn | None],
    destination: Next = "/console/",
) -> Response[bytes]:
    """On to the provider."""
    if oidc is None:
        raise Problem("not-found", "There is no other way to sign in here.")
    try:
        begun = await oidc.begin(local_path(destination), _callback(request, identity))
    except Problem as problem:
        return _refused(request, view, console, oidc, problem)
    answer = html(b"", status=303, headers={"Location": begun.url})
    answer.set_cookie(_oidc_cookie(request, begun.cookie, oidc_flow.FLOW_SECONDS))
    return answer


@get(oidc_flow.PATH, opt=OPEN)
async def finish_oidc(
    request: AnyRequest,
    view: Service[ViewContext],
    console: Service[Console],
    identity: Service[Identity],
    oidc: Service[OidcSignIn | None],
) -> Response[bytes]:
    """The provider's answer."""
    if oidc is None:
        raise Problem("not-found", "There is no other way to sign in here.")
    query = request.query_params
    state, code = query.get("state", ""), query.get("code", "")
    secure = request.url.scheme == "https"
    cookie = cookie_of(request.headers.get("cookie", "").encode("latin-1"), oidc_flow.cookie_name(secure))
    try:
        secret, destination = await oidc.finish(cookie, state, code, _callback(request, identity))
    except Problem as problem:
        return _refused(request, view, console, oidc, problem)
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
async def show_invitation(
    request: AnyRequest,
    secret: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    identity: Service[Identity],
) -> Response[bytes]:
    """The form in which an invited person sets a password."""
    email = await identity.invited(secret)
    return respond(request, console, view, "organisation/invitation.html", email=email, form=EMPTY)


@post("/console/invitation/{secret:str}", opt=secret_path(OPEN), request_max_body_size=LARGEST_FORM)
async def accept_invitation(
    request: AnyRequest,
    secret: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    identity: Service[Identity],
) -> Response[bytes]:
    """Set the password and sign in."""
    check_same_origin(request)
    values = await read_form(request)
    email = await identity.invited(secret)
    try:
        session = await identity.accept(secret, values.get("password", ""))
    except Problem as problem:
        form = returned(values, problem, console, view)
        return respond(request, console, view, "organisation/invitation.html", status=422, email=email, form=form)
    return _begun(request, session, "/console/")


def _sign_in_page(
    request: AnyRequest,
    view: ViewContext,
    console: Console,
    oidc: OidcSignIn | None,
    form: Form,
    destination: str,
    status: int = 200,
) -> Response[bytes]:
    return respond(
        request,
        console,
        view,
        "organisation/sign-in.html",
        status=status,
        form=form,
        destination=local_path(destination),
        provider=oidc.provider.client.name if oidc else "",
    )


def _refused(
    request: AnyRequest, view: ViewContext, console: Console, oidc: OidcSignIn, problem: Problem
) -> Response[bytes]:
    """The sign-in page, with why the provider's way did not work."""
    sentence = console.translator(view)("organisation.sign-in.provider-refused", why=problem.sentence)
    form = Form({}, (("", sentence),))
    return _sign_in_page(request, view, console, oidc, form, "/console/", problem.status)


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
