"""Lines of the commercial platform's analysis service: `POST /observe/mas/lines`, which `eden observe import` uses.

`zone` in the query is the zone of the lines' times, which they do not say; `batch` an id by which the same lines are
recognised when they are sent again.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from eden.base.problems import Problem, not_found
from eden.observe.accept.own import MOST_LINES, key_of
from eden.observe.accept.wires import Response, Shape, Wire, WireRequest, batch_key


class MasWire(Wire):
    """Below `/observe/mas/`."""

    key_in_body = False

    def key_of(self, request: WireRequest) -> str | None:
        if request.rest != "lines":
            raise not_found("This address of the collector")
        if request.method != "POST":
            raise Problem("method-not-allowed", "Lines are posted.", headers={"Allow": "POST"})
        return key_of(request)

    def shape(self, request: WireRequest) -> Shape:
        zone = request.query.get("zone", "")
        if zone:
            check_zone(zone)
        body = request.body.strip(b"\r\n")
        count = body.count(b"\n") + 1 if body else 0
        if count > MOST_LINES:
            raise Problem("too-large", f"The batch has more than {MOST_LINES:,} lines.", "Send less at once.")
        key = batch_key("mas", request.app, request.query.get("batch", ""))
        return Shape("mas", count, key, body, {"zone": zone} if zone else {})

    def answer(self, shape: Shape) -> Response:
        return Response(msgspec.json.encode({"accepted": shape.count}))


def check_zone(name: str) -> None:
    """Problem `invalid` when there is no such zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Problem("invalid", f"There is no time zone {name[:60]}.", "Use a name such as Asia/Shanghai.") from None
