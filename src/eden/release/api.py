"""The HTTP API of releasing: all controllers, and the keys' own."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Response, get, post, put
from litestar.openapi.datastructures import ResponseSpec

from eden.base.api.access import needs, streamed
from eden.base.api.handlers import AnyRequest, JSONBody, TheCaller
from eden.release import api_lists, api_programs, api_releases
from eden.release.api_bodies import ROOT_BYTES, RootOperation, read
from eden.release.api_programs import Releasing
from eden.release.trust_root import RootChange
from eden.release.wire import Leap, Leapt, RootProposal, TrustView

_METADATA = {
    200: ResponseSpec(data_container=dict[str, Any], description="A root as TUF metadata.", generate_examples=False)
}


class TrustController(Controller):
    """Which keys sign what; roots are signed elsewhere, with `eden keys`."""

    path = "/api/v1/workspaces/{workspace:str}/trust"
    tags = ("keys",)

    @get(opt=needs("key.manage"))
    async def get_trust(self, caller: TheCaller, release_service: Releasing) -> TrustView:
        """The keys of the workspace and what they sign."""
        return TrustView.of(await release_service.trust.state(*caller))

    @get("/root", opt=needs("workspace.read"), responses=_METADATA)
    async def get_root(self, caller: TheCaller, release_service: Releasing) -> Response[bytes]:
        """The root of now, signed: apps carry it to know whom to believe."""
        data = await release_service.trust.root(*caller)
        return Response(data, media_type="application/json")

    @post("/proposals", opt=needs("key.manage"), status_code=200, responses=_METADATA)
    async def propose_root(
        self, caller: TheCaller, release_service: Releasing, data: JSONBody[RootProposal]
    ) -> Response[bytes]:
        """The next root, not signed yet: for holders of root keys to sign."""
        change = RootChange(
            add=tuple(data.add), remove=tuple(data.remove), threshold=data.threshold, renew=tuple(data.renew)
        )
        found = await release_service.trust.propose(*caller, change)
        return Response(found, media_type="application/json")

    @post("/leap", opt=needs("key.manage"), status_code=200)
    async def leap_metadata(self, caller: TheCaller, release_service: Releasing, data: JSONBody[Leap]) -> Leapt:
        """Sign everything anew, versions beyond what is there: after a backup came back."""
        return Leapt(timestamp=await release_service.trust.leap(*caller, data.versions))

    @put("/root", opt=streamed(needs("key.manage")), request_max_body_size=ROOT_BYTES, operation_class=RootOperation)
    async def set_root(self, request: AnyRequest, caller: TheCaller, release_service: Releasing) -> TrustView:
        """Make a proposed root, signed by enough keys, the root."""
        data = await read(request, ROOT_BYTES)
        return TrustView.of(await release_service.trust.install(*caller, data))


CONTROLLERS = (
    *api_programs.CONTROLLERS,
    *api_lists.CONTROLLERS,
    *api_releases.CONTROLLERS,
    TrustController,
)

TAGS = {
    "programs": "What there is to release: mini programs, web applications, native shells.",
    "versions": "Uploaded once, never changed; reviewed, compared, tried out, withdrawn.",
    "lists": "Devices and users by name, for plans and rules.",
    "releases": "Versions on their way to their users, in steps that can be stopped and taken back.",
    "keys": "Which keys sign what devices are told.",
}
