"""What a page finds in its query when nobody opened it."""

from __future__ import annotations

import json

from eden.check.query import DEFAULT_QUERY, query_for


def test_what_is_read_as_json_is_json() -> None:
    script = (
        "onLoad(options) { JSON.parse(options.list); JSON.parse( decodeURIComponent(options.item) ); options.plain }"
    )
    query = query_for(script)
    assert {name: json.loads(query[name]) for name in ("list", "item")} == {"list": [], "item": []}
    assert "plain" not in query
    assert query_for("JSON.parse(wx.getStorageSync('x').y)") == DEFAULT_QUERY
