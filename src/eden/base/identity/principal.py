"""Who acts: a person, a token or the server itself, with what they may do in which workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, select

from eden.base.identity.roles import PERMISSIONS
from eden.base.problems import Problem, not_found
from eden.base.tables import workspaces


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who has been recognised.

    `name` is the actor of the audit log ("user:EMAIL", "token:NAME", "system"). `user_id` is the person behind: the
    user, or who made the token; None for the server. `workspace_id` is a token's workspace, None for others.
    `permissions` has an entry for every workspace that the principal knows of.
    """

    kind: Literal["user", "token", "system"]
    id: str
    name: str
    user_id: str | None = None
    email: str | None = None
    workspace_id: str | None = None
    permissions: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def may(self, workspace_id: str, permission: str) -> bool:
        """Whether it is permitted, for deciding what to show; `check_permission` is for deciding what to do."""
        return self.kind == "system" or permission in self.permissions.get(workspace_id, ())

    def may_anywhere(self, permission: str) -> bool:
        """Whether it is permitted in at least one workspace: things of the organisation as a whole."""
        return self.kind == "system" or any(permission in held for held in self.permissions.values())


#: the server itself: jobs, guardrails, the command line on the server's machine
SYSTEM = Principal("system", "system", "system")


def check_permission(principal: Principal, workspace_id: str, permission: str) -> None:
    """Problem `not-found` when the principal does not know the workspace, `forbidden` without the right in it."""
    if permission not in PERMISSIONS:
        raise ValueError(f"there is no permission {permission}")
    if principal.kind == "system":
        return
    held = principal.permissions.get(workspace_id)
    if held is None:
        raise not_found("The workspace")
    if permission not in held:
        raise _forbidden(principal, permission)


def check_permission_anywhere(principal: Principal, permission: str) -> None:
    """Problem `forbidden` unless some workspace gives the right; for what belongs to no workspace."""
    if permission not in PERMISSIONS:
        raise ValueError(f"there is no permission {permission}")
    if not principal.may_anywhere(permission):
        raise _forbidden(principal, permission)


def _forbidden(principal: Principal, permission: str) -> Problem:
    if principal.kind == "token":
        return Problem(
            "forbidden",
            f"This token may not do this: it needs {permission}.",
            "Use a token with this scope, made by somebody who has the right.",
        )
    return Problem(
        "forbidden",
        f"You may not do this: it needs the permission {permission}.",
        "Ask an owner of the workspace for a role that has it.",
    )


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace as all services know it. `settings` is an object."""

    id: str
    slug: str
    name: str
    settings: Mapping[str, Any]


def find_workspace(connection: Connection, principal: Principal, slug: str) -> Workspace:
    """The workspace of a slug. Problem `not-found` when there is none, or none that the principal knows."""
    row = connection.execute(
        select(workspaces.c.id, workspaces.c.slug, workspaces.c.name, workspaces.c.settings).where(
            workspaces.c.slug == slug
        )
    ).first()
    if row is None or (principal.kind != "system" and row.id not in principal.permissions):
        raise not_found(f"The workspace {slug[:40]}")
    return Workspace(row.id, row.slug, row.name, row.settings)
