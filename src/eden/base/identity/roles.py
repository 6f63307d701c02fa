"""Roles and what they permit: one table, read by everything that asks "may they?"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

Role: TypeAlias = Literal["owner", "developer", "reviewer", "operator", "auditor"]

Permission: TypeAlias = Literal[
    "workspace.read",
    "workspace.manage",
    "member.manage",
    "token.manage",
    "key.manage",
    "program.write",
    "version.upload",
    "version.review",
    "release.operate",
    "release.emergency",
    "list.write",
    "audit.read",
    "device.read",
    "observe.read",
    "observe.write",
    "observe.sql",
    "observe.erase",
    "gateway.read",
    "gateway.write",
    "keyboard.verify",
    "keyboard.open",
]

ROLES: tuple[Role, ...] = get_args(Role)
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

#: permission → roles that have it
HOLDERS: dict[Permission, frozenset[Role]] = {
    "workspace.read": frozenset(ROLES),
    "workspace.manage": frozenset({"owner"}),
    "member.manage": frozenset({"owner"}),
    # other people's tokens; one's own need no permission
    "token.manage": frozenset({"owner"}),
    "key.manage": frozenset({"owner"}),
    "program.write": frozenset({"owner", "developer"}),
    "version.upload": frozenset({"owner", "developer"}),
    # never one's own version: the service that reviews looks
    "version.review": frozenset({"owner", "reviewer"}),
    "release.operate": frozenset({"owner", "operator"}),
    # pause, halt and roll back: whoever sees the fire may put it out
    "release.emergency": frozenset({"owner", "operator", "developer"}),
    "list.write": frozenset({"owner", "operator"}),
    "audit.read": frozenset({"owner", "auditor"}),
    "device.read": frozenset(ROLES),
    "observe.read": frozenset(ROLES),
    # keys, switches, saved questions, dashboards, alerts, the state of crashes
    "observe.write": frozenset({"owner", "developer", "operator"}),
    "observe.sql": frozenset({"owner", "developer", "operator"}),
    # a person is forgotten, for good
    "observe.erase": frozenset({"owner"}),
    "gateway.read": frozenset(ROLES),
    # operations and where they lead, apps that may call and what they sign with
    "gateway.write": frozenset({"owner", "developer", "operator"}),
    # for tokens of services: what people typed is checked, or handed over; of which purposes is said there
    "keyboard.verify": frozenset({"owner"}),
    "keyboard.open": frozenset({"owner"}),
}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """What the roles permit together; a role that is not known (any more) permits nothing."""
    held = frozenset(roles)
    return frozenset(permission for permission, holders in HOLDERS.items() if held & holders)
