"""`eden observe import`: files of other systems, cut, sent, and sent once."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from eden import cli
from eden.base.errors import EdenError
from eden.observe import importing_send
from eden.observe.importing import LINE_BYTES, LINES, Batch, Kind, Refused, cut, kind_of, lines, unpacked
from eden.observe.importing_send import Journal
from eden.observe.interfaces import ErrorRow, EventRow, LogRow
from tests.observe.wires.made import NOW, props
from tests.observe.wires.sink import Sink

_MAS = ("D-VM,2026-09-20 10:35:47.196,A1_ANDROID-default,1.0.1,2,-,s,u,event,-,first,-,-,-,-,{name},-,Pay,-,-,-,-,a=1,"
        "-,-,d" + ",-" * 21)  # fmt: skip
_CRASH = ("e,2026-09-20 10:35:47.196,A1_ANDROID-default,1.0.1,-,-,s,u,exception,foreground,-,-,-,MonitorPoint_Crash,"
          "java.lang.E: x,Page" + ",-" * 20)  # fmt: skip
_EVENT = '{"event":"paid","distinct_id":"u","timestamp":"2020-05-01T00:00:00Z","properties":{"n":%d}}'


def _cut(text: str, kind: Kind | None = None) -> list[Batch | Refused]:
    return list(cut(text.encode().split(b"\n"), kind, received=int(NOW * 1e6)))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (_MAS.format(name="x"), "mas"),
        (_CRASH, "mas"),
        (_EVENT % 1, "events"),
        ('{"event":"a","properties":{"distinct_id":"u","time":1}}', "events"),
        ('{"batch":"b","device":"d"}', "eden"),
        ('{"type":"event","name":"a","at":1}', "eden"),
    ],
)
def test_what_a_file_holds(line: str, kind: Kind) -> None:
    assert kind_of([b"", b"# a remark", line.encode()]) == kind


def test_a_file_that_holds_nothing_known() -> None:
    with pytest.raises(EdenError, match="no lines that are known"):
        _cut("a,b,c\n{}\n")
    assert _cut("") == []


def test_batches_and_refused_lines() -> None:
    given = "\n".join([_MAS.format(name="a"), "", "D-VM,broken", _CRASH, _MAS.format(name="b")])
    refused, batch = _cut(given)
    assert isinstance(refused, Refused)
    assert (refused.number, refused.reason) == (3, "not a line of D-VM, D-MM or e")
    assert isinstance(batch, Batch)
    assert (batch.kind, batch.first, batch.last, batch.count) == ("mas", 1, 5, 3)
    assert batch.body.count(b"\n") == 2


def test_a_batch_is_named_by_content_and_place() -> None:
    text = "\n".join(_EVENT % n for n in range(LINES * 2 + 1))
    first = [batch for batch in _cut(text) if isinstance(batch, Batch)]
    assert [batch.count for batch in first] == [LINES, LINES, 1]
    assert [batch.name for batch in _cut(text) if isinstance(batch, Batch)] == [batch.name for batch in first]
    assert len({batch.name for batch in first}) == 3
    same = "\n".join([_EVENT % 1] * LINES * 2)
    assert len({batch.name for batch in _cut(same) if isinstance(batch, Batch)}) == 2


def test_own_batches_keep_their_headers() -> None:
    text = '{"batch":"x","device":"d-1","sent_at":5}\n{"type":"event","name":"a","at":1}\n{"type":"what"}\n'
    text += '{"device":"d-2"}\n{"type":"log","message":"m"}'
    found = _cut(text)
    one, other = (batch for batch in found if isinstance(batch, Batch))
    (refused,) = (line for line in found if isinstance(line, Refused))
    assert (refused.number, one.first, other.first) == (3, 2, 5)
    assert json.loads(one.body.split(b"\n")[0]) == {"batch": one.name, "device": "d-1"}
    assert json.loads(other.body.split(b"\n")[0]) == {"batch": other.name, "device": "d-2"}


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, zstandard.compress, lambda data: gzip.compress(data[:4]) + gzip.compress(data[4:])]
)
def test_files_may_be_compressed(pack: object) -> None:
    assert callable(pack)
    packed = pack(b"one\r\ntwo\n\nthree")
    assert list(lines(unpacked(io.BytesIO(packed)))) == [b"one", b"two", b"", b"three"]


def test_a_damaged_file() -> None:
    with pytest.raises(EdenError, match="cannot be read to its end"):
        list(lines(unpacked(io.BytesIO(gzip.compress(b"x" * 1000)[:20]))))


def test_lines_without_an_end_cost_no_memory() -> None:
    found = list(lines(unpacked(io.BytesIO(b"x" * (LINE_BYTES * 3) + b"\nnext"))))
    assert [len(line) for line in found] == [LINE_BYTES + 1, 4]
    (refused,) = _cut("x" * (LINE_BYTES + 1), "mas")
    assert isinstance(refused, Refused)
    assert refused.reason == f"it has more than {LINE_BYTES:,} bytes"


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("EDEN_WRITE_KEY", raising=False)
    yield


@pytest.mark.usefixtures("_state")
def test_the_same_file_twice_is_stored_once(sink: Sink, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, events, own = tmp_path / "a.log.gz", tmp_path / "events.ndjson.zst", tmp_path / "own.ndjson"
    log.write_bytes(gzip.compress("\n".join([_MAS.format(name="paid"), "D-MM,what", _CRASH]).encode()))
    events.write_bytes(zstandard.compress((_EVENT % 7).encode()))
    own.write_text('{"device":"d-9"}\n{"type":"log","message":"hello","level":"warn"}\n', encoding="utf-8")
    command = ["observe", "import", str(log), str(events), str(own), "--server", sink.origin, "--key", sink.key]
    assert cli.main(command) == 1
    told = capsys.readouterr()
    assert told.out == "4 lines stored, 1 refused.\n"
    assert told.err == f"{log}, line 2: not a line of D-VM, D-MM or e\n"
    rows = {row.name: row for row in sink.only(EventRow)}
    assert (rows["paid"].source, props(rows["paid"])["n"], rows["paid"].at) == ("posthog", 7, 1_588_291_200)
    assert "$error" in rows
    assert [row.message for row in sink.only(LogRow)] == ["hello"]
    assert [(row.type, row.fatal) for row in sink.only(ErrorRow)] == [("java.lang.E", True)]
    before = len(sink.batches())
    assert cli.main([*command[:-4], "--zone", "UTC", *command[-4:]]) == 1
    assert capsys.readouterr().out == "0 lines stored, 1 refused, 4 were stored before.\n"
    assert len(sink.batches()) == before
    # what is sent again all the same has the same name on the server
    assert cli.main([*command, "--again"]) == 1
    assert capsys.readouterr().out == "4 lines stored, 1 refused.\n"
    assert len(sink.batches()) == before


@pytest.mark.usefixtures("_state")
def test_what_stops_an_import(
    sink: Sink, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "events"
    file.write_text(_EVENT % 1, encoding="utf-8")

    def fails(*words: str) -> str:
        assert cli.main(["observe", "import", *words]) == 1
        return capsys.readouterr().err

    assert "whose lines these are" in fails(str(file), "--server", sink.origin)
    assert "No app has this write key" in fails(str(file), "--server", sink.origin, "--key", "f" * 32)
    assert "is no web address" in fails(str(file), "--server", "ftp://x", "--key", "f")
    assert "There is no time zone" in fails(str(file), "--server", sink.origin, "--key", "f", "--zone", "No/Where")
    assert "cannot be read" in fails(str(tmp_path / "none"), "--server", sink.origin, "--key", sink.key)
    monkeypatch.setattr(importing_send, "TRIES", 1)
    assert "does not answer" in fails(str(file), "--server", "http://127.0.0.1:9", "--key", sink.key)
    assert sink.batches() == []


def test_the_journal_outlives_the_process(tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    journal = Journal.of("http://h", "k", environment)
    journal.add("a" * 32)
    journal.add("a" * 32)
    again = Journal.of("http://h", "k", environment)
    assert "a" * 32 in again
    assert "b" * 32 not in again
    assert "a" * 32 not in Journal.of("http://h", "other", environment)
