"""What serving brings to the platform: the catalogue and its apps. The data plane has processes of its own."""

from __future__ import annotations

from eden.base.ground import Ground
from eden.base.parts import Part
from eden.gateway import api
from eden.gateway.service import Catalogues
from eden.gateway.service_apps import Apps


def parts(ground: Ground) -> Part:
    """The service over this process's ground."""
    return Part(
        name="gateway",
        controllers=api.CONTROLLERS,
        tags=api.TAGS,
        services={"gateway_catalogues": Catalogues(ground), "gateway_apps": Apps(ground)},
    )
