"""The catalogue as configuration of Envoy, for what needs no Python per call; the rest is passed to our own gateway.

render(catalogue, apps, listen, own) ─▶ Rendered: bootstrap, listeners, clusters, routes; what is not rendered and why
write(folder, rendered)              ─▶ files that Envoy watches, each put in place by one rename
"""

from eden.gateway.envoy.addresses import Address
from eden.gateway.envoy.files import write
from eden.gateway.envoy.render import Rendered, Shortfall, render

__all__ = ["Address", "Rendered", "Shortfall", "render", "write"]
