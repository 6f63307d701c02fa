"""What the organisation brings to the platform."""

from __future__ import annotations

from eden.base.ground import Ground
from eden.base.identity.service import Identity
from eden.base.parts import Part
from eden.organisation.api import CONTROLLERS, TAGS
from eden.organisation.service import Organisation


def parts(ground: Ground) -> Part:
    """Its API and pages."""
    settings = ground.settings
    identity = Identity(
        ground.database,
        ground.audit,
        session_seconds=settings.intervals.session_seconds,
        public_url=settings.public_url,
    )
    return Part(
        name="organisation", controllers=CONTROLLERS, services={"organisation": Organisation(identity)}, tags=TAGS
    )
