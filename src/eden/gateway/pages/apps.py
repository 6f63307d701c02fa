"""Apps that may call: their secrets, shown once, and the keys that callers encrypt to."""

from __future__ import annotations

import base64
from typing import Any, cast, get_args

import msgspec
from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, ThePaging
from eden.base.ids import now
from eden.base.problems import Problem
from eden.gateway.interfaces import EncryptionAlgorithm, Limits, SignatureAlgorithm
from eden.gateway.pages.desk import HERE, Desk, Filled, TheDesk

#: seconds that others are accepted when a secret or key is made in their place
_ROTATE = {"keep": None, "day": 86_400, "month": 30 * 86_400, "now": 0}


@get(f"{HERE}/apps", opt=needs("gateway.read"))
async def show_apps(desk: TheDesk, paging: ThePaging) -> Response[bytes]:
    """The apps by key."""
    after = paging.after(str)
    found = await desk.apps.page(*desk.caller, after=after, limit=paging.limit + 1)
    shown = found[: paging.limit]
    return desk.page(
        "gateway/apps.html",
        tab="apps",
        apps=shown,
        at=now(),
        filled=Filled(),
        next=desk.following("gateway/apps", shown[-1].key) if len(found) > paging.limit else "",
        first=desk.url("gateway/apps") if after else "",
    )


@post(f"{HERE}/apps", opt=needs("gateway.write"))
async def create_app(desk: TheDesk) -> Response[bytes]:
    """Make an app; its page has the form of a secret."""
    form = await desk.form()
    key = form.one("key")
    try:
        await desk.apps.create(*desk.caller, key, form.one("name") or key)
    except Problem as problem:
        errors = [(field or "key", sentence) for field, sentence in desk.told(problem)]
        found = await desk.apps.page(*desk.caller)
        filled = Filled(form, errors)
        return desk.page(
            "gateway/apps.html", status=422, tab="apps", apps=found, at=now(), filled=filled, next="", first=""
        )
    return desk.go(f"gateway/apps/{key}", desk.t("gateway.app.made", name=key))


@get(f"{HERE}/apps/{{key:str}}", opt=needs("gateway.read"))
async def show_app(desk: TheDesk, key: FromPath[str]) -> Response[bytes]:
    """An app's secrets and keys."""
    return await _page(desk, key)


async def _page(desk: Desk, key: str, secret: tuple[str, str] | None = None, status: int = 200) -> Response[bytes]:
    app = await desk.apps.get(*desk.caller, key)
    return desk.page(
        "gateway/app.html",
        status=status,
        tab="apps",
        app=app,
        at=now(),
        secret=secret,
        public={one.kid: base64.b64encode(one.public or b"").decode() for one in app.keys},
        signing=get_args(SignatureAlgorithm),
        sealing=get_args(EncryptionAlgorithm),
        rotations=list(_ROTATE),
    )


@post(f"{HERE}/apps/{{key:str}}/secrets", opt=needs("gateway.write"))
async def create_secret(desk: TheDesk, key: FromPath[str]) -> Response[bytes]:
    """Make a secret. It is in this answer and nowhere else: no other page shows it, and no address leads to it."""
    form = await desk.form()
    algorithm = _choice(form.one("algorithm"), get_args(SignatureAlgorithm))
    made, secret = await desk.apps.add_secret(
        *desk.caller, key, cast(SignatureAlgorithm, algorithm), retire_others_s=_ROTATE.get(form.one("others"))
    )
    return await _page(desk, key, (made.kid, base64.b64encode(secret).decode()))


@post(f"{HERE}/apps/{{key:str}}/keys", opt=needs("gateway.write"))
async def create_key(desk: TheDesk, key: FromPath[str]) -> Response[bytes]:
    """Make a key pair."""
    form = await desk.form()
    algorithm = _choice(form.one("algorithm"), get_args(EncryptionAlgorithm))
    made = await desk.apps.add_key(
        *desk.caller, key, cast(EncryptionAlgorithm, algorithm), retire_others_s=_ROTATE.get(form.one("others"))
    )
    return desk.go(f"gateway/apps/{key}", desk.t("gateway.app.key-made", kid=made.kid))


def _choice(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise Problem("invalid", f"There is no algorithm {text}.", f"Choose one of {', '.join(choices)}.")
    return text


@post(f"{HERE}/apps/{{key:str}}/secrets/{{kid:str}}/retire", opt=needs("gateway.write"))
async def retire_secret(desk: TheDesk, key: FromPath[str], kid: FromPath[str]) -> Response[bytes]:
    """Accept a secret no more."""
    await desk.apps.retire_secret(*desk.caller, key, kid)
    return desk.go(f"gateway/apps/{key}", desk.t("gateway.app.retired", kid=kid))


@post(f"{HERE}/apps/{{key:str}}/keys/{{kid:str}}/retire", opt=needs("gateway.write"))
async def retire_key(desk: TheDesk, key: FromPath[str], kid: FromPath[str]) -> Response[bytes]:
    """Accept a key no more."""
    await desk.apps.retire_key(*desk.caller, key, kid)
    return desk.go(f"gateway/apps/{key}", desk.t("gateway.app.retired", kid=kid))


@post(f"{HERE}/apps/{{key:str}}/state", opt=needs("gateway.write"))
async def change_app(desk: TheDesk, key: FromPath[str]) -> Response[bytes]:
    """Open or close it, and limit its calls: fields `open` and `rate` (empty: the catalogue's). Limits that the form
    does not have stay."""
    form = await desk.form()
    text = form.one("rate")
    try:
        rate = float(text) if text else None
        if rate is not None and not 0 < rate <= 1_000_000:
            raise ValueError(text)
    except ValueError:
        return desk.go(f"gateway/apps/{key}", desk.t("gateway.app.no-rate"), "bad")
    app = await desk.apps.get(*desk.caller, key)
    wanted = msgspec.structs.replace(app.limits or Limits(), rate=rate)
    limits = None if wanted == Limits() else wanted
    await desk.apps.change(*desk.caller, key, open=form.on("open"), limits=limits, revision=app.revision)
    return desk.go(f"gateway/apps/{key}", desk.t("gateway.form.saved", name=key))


@post(f"{HERE}/apps/{{key:str}}/delete", opt=needs("gateway.write"))
async def delete_app(desk: TheDesk, key: FromPath[str]) -> Response[bytes]:
    """Remove it for good."""
    await desk.apps.remove(*desk.caller, key)
    return desk.go("gateway/apps", desk.t("gateway.form.deleted", name=key))


HANDLERS: tuple[Any, ...] = (
    show_apps, create_app, show_app, create_secret, create_key, retire_secret, retire_key, change_app, delete_app,
)  # fmt: skip
