"""Lines keep their order, whatever wire they came by."""

from __future__ import annotations

import json

from eden.observe.digest.digest import About, digest
from eden.observe.interfaces import Accepted, EventRow, LogRow, Wire
from tests.observe.stage import NOW, SECOND


def rows(wire: Wire, *lines: object) -> list[object]:
    body = "\n".join(json.dumps(line) for line in lines).encode()
    return list(digest(Accepted(wire=wire, app=1, received=NOW * SECOND, key=b"", body=body), About()))


def test_lines_of_one_millisecond_stay_in_their_order() -> None:
    header = {"batch": "b", "sent_at": NOW * 1000, "device": "d"}
    line = {"type": "log", "at": NOW * 1000, "message": "m"}
    event = {"type": "event", "at": NOW * 1000, "name": "e"}
    found = rows("eden", header, line, event, line, line)
    assert [row.seq for row in found if isinstance(row, LogRow)] == [0, 2, 3]
    assert sum(isinstance(row, EventRow) for row in found) == 1


def test_lines_of_others_do_too() -> None:
    record = {"timeUnixNano": str(NOW * 1_000_000_000), "body": {"stringValue": "m"}}
    found = rows("otlp-logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": [record] * 3}]}]})
    assert [row.seq for row in found if isinstance(row, LogRow)] == [0, 1, 2]


def test_a_pulls_last_line_says_so() -> None:
    header = {"batch": "b", "sent_at": NOW * 1000, "device": "d", "pull_done": "p"}
    line = {"type": "log", "at": NOW * 1000, "level": "debug", "message": "m", "pull": "p", "pull_done": True}
    [row] = rows("eden", header, line)
    assert isinstance(row, LogRow)
    assert (row.pull, row.level, row.props) == ("p", 5, {"pull_done": True})
