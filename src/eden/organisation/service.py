"""The organisation's services together: the one layer that writes people, memberships, workspaces and tokens."""

from __future__ import annotations

from eden.base.identity.service import Identity
from eden.organisation.members import Members
from eden.organisation.people import People
from eden.organisation.records import Records
from eden.organisation.tokens import Tokens
from eden.organisation.workspaces import Workspaces


class Organisation:
    """All of them over one store."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.workspaces = Workspaces(identity)
        self.members = Members(identity)
        self.people = People(identity)
        self.tokens = Tokens(identity)
        self.records = Records(identity)
