"""The query that a page gets which nobody opened: common values for common names."""

from __future__ import annotations

import re

DEFAULT_QUERY = {
    "id": "1",
    "type": "1",
    "name": "test",
    "title": "test",
    "index": "0",
    "url": "https%3A%2F%2Fexample.com",
}
#: a field of onLoad's argument, by one of the names it usually has, that the script reads as JSON
_JSON = re.compile(r"JSON\.parse\(\s*(?:decodeURIComponent\(\s*)?(?:options?|opts?|query|params|e)\.([A-Za-z_]\w*)")


def query_for(script: str) -> dict[str, str]:
    """The query for the page with this script. An empty list stands for any JSON: it has no fields, as an object."""
    return DEFAULT_QUERY | dict.fromkeys(_JSON.findall(script), "[]")
