"""`eden link`: lets somebody in who has lost their password, by whoever runs the server.

For the last owner, whom nobody else can send a link. It is in the audit log like every other link.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from eden.base.errors import EdenError
from eden.base.ground import Ground
from eden.base.tables import users
from eden.organisation.interfaces import check_email
from eden.organisation.parts import identity_of


def make_link(ground: Ground, email: str) -> str:
    """The address of the page on which the person sets a new password, once, within seven days.

    Raises EdenError when nobody with this address may sign in.
    """
    email = check_email(email)
    identity = identity_of(ground)

    def work(connection: Connection) -> str:
        user_id = connection.execute(
            select(users.c.id).where(users.c.email == email, users.c.disabled_at.is_(None))
        ).scalar()
        if user_id is None:
            raise EdenError("no-such-person", f"{email} is in no workspace here.", "Is it spelt as in the console?")
        ground.audit.append(connection, "", "system", "user.link", email)
        return identity.do_invite(connection, user_id)

    secret = ground.database.write_now(work)
    return f"{ground.settings.origin}/console/invitation/{secret}"
