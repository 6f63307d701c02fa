"""The beginning of an installation: the first owner and the first workspaces, in one transaction, once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from eden.base.errors import EdenError
from eden.base.identity.principal import Principal
from eden.base.identity.roles import PERMISSIONS, Permission
from eden.base.identity.sessions import principal_of
from eden.base.tables import members, users, workspaces
from eden.organisation.interfaces import WorkspaceSettings
from eden.organisation.members import do_create_user
from eden.organisation.service import Organisation

#: slug, name, whether it reaches real users
FIRST_WORKSPACES = (("production", "Production", True), ("test", "Test", False))
#: what `eden publish` needs: to make a program, upload a version, bring it to users, and take it back; and what
#: `eden gateway apply` needs, for the operations that a version calls
PUBLISH_SCOPES: tuple[Permission, ...] = (
    "workspace.read",
    "program.write",
    "version.upload",
    "release.operate",
    "release.emergency",
    "device.read",
    "gateway.read",
    "gateway.write",
)
PUBLISH_TOKEN = "publish"


@dataclass(frozen=True, slots=True)
class Founded:
    """An installation. `made` says whether it is new; only then `tokens` (workspace → secret) is filled."""

    made: bool
    owner: Principal
    workspaces: dict[str, str]
    tokens: dict[str, str]


def find_founded(connection: Connection) -> Founded | None:
    """The installation that is there: its first owner and all workspaces; None before the first."""
    found = {
        row.slug: row.id
        for row in connection.execute(select(workspaces.c.slug, workspaces.c.id).order_by(workspaces.c.slug))
    }
    if not found:
        return None
    rows = connection.execute(
        select(users.c.id, users.c.email, members.c.roles)
        .join(members, members.c.user_id == users.c.id)
        .where(users.c.disabled_at.is_(None))
        .order_by(users.c.created_at, users.c.id)
    )
    owner = next((row for row in rows if "owner" in row.roles), None)
    if owner is None:
        raise EdenError(
            "no-owner", "There are workspaces, but nobody who owns one may sign in.", "Restore a backup from before."
        )
    return Founded(False, principal_of(connection, owner.id, owner.email), found, {})


def do_found(connection: Connection, organisation: Organisation, email: str, name: str, hashed: str) -> Founded:
    """Inside a write: the owner (with a password's hash), the workspaces, and a token for `eden publish` in each.
    What is there already is left as it is."""
    if (there := find_founded(connection)) is not None:
        return there
    user_id = do_create_user(connection, email, name, hashed)
    # nobody is there yet who could permit it
    owner = Principal("user", user_id, f"user:{email}", user_id=user_id, email=email)
    made, secrets = {}, {}
    for slug, title, production in FIRST_WORKSPACES:
        settings = WorkspaceSettings(production=production)
        record = organisation.workspaces.do_create(connection, owner, slug, title, settings)
        made[slug] = record.id
    organisation.identity.audit.append(connection, "", owner.name, "user.create", email)
    owner = principal_of(connection, user_id, email)
    assert all(set(PERMISSIONS) == held for held in owner.permissions.values())
    for slug, workspace_id in made.items():
        _, secrets[slug] = organisation.tokens.do_create(
            connection, owner, workspace_id, PUBLISH_TOKEN, PUBLISH_SCOPES, None
        )
    return Founded(True, owner, made, secrets)
