"""How soon a change of the catalogue is served, and how long calls wait meanwhile.

Changes are made, one after the other, as long as a load runs beneath. Each counts from its commit until a call on a
connection of its own is answered by it; calls of the load that wait the longest between its commit and a moment after
that tell whether the worker stood still.
"""

from __future__ import annotations

import gc
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any, NamedTuple

from bench._gateway_load import Measured, Order
from bench._harness import Figure
from tests.gateway.proxy.installed import APP, Installed, shop

#: operations of a large catalogue, the most that one has; as they are in real ones it has 5 MB
_MOST = 5000
#: calls of the load in a second
_RATE = 1000.0
#: a call that waited for a change may be answered a little later than the one that asked for it
_AFTER_S = 0.05
#: a change that is not served then never will be
_NEVER_S = 10

Document = dict[str, Any]


class Change(NamedTuple):
    """A document, and the call that is answered with `status` once it is served."""

    document: Document
    operation: str
    status: int


class Seen(NamedTuple):
    """Of each change, in ms: until it was served, and the longest that a call waited; calls that were not answered
    well."""

    served: list[float]
    waited: list[float]
    broken: int


def changes(
    site: Installed,
    port: int,
    service: int,
    load: Callable[[Order], Measured],
    ask: Callable[[int, bytes], bytes],
    quick: bool,
) -> Iterable[Figure]:
    """`ask`: one call, and its answer."""

    def seen(made: Iterator[Change], seconds: int) -> Seen:
        return _seen(site, port, made, load, ask, 2 if quick else seconds)

    weighed = not quick
    one = seen(_one(service), 10)
    yield Figure("change_ms", statistics.median(one.served), 25 if weighed else None)
    yield Figure("change_longest_ms", max(one.served), 50 if weighed else None)
    large = _large(service, 200 if quick else _MOST)
    site.put(large)
    defaults, whole = seen(_defaults(large), 20), seen(_whole(large), 20)
    yield Figure("defaults_ms", statistics.median(defaults.served), 50 if weighed else None)
    yield Figure("defaults_longest_ms", max(defaults.served))
    yield Figure("whole_ms", statistics.median(whole.served), 50 if weighed else None)
    yield Figure("waited_ms", statistics.median([*defaults.waited, *whole.waited]), 20 if weighed else None)
    yield Figure("waited_longest_ms", max([*defaults.waited, *whole.waited]))
    yield Figure("broken", one.broken + defaults.broken + whole.broken, 0)


def _seen(
    site: Installed,
    port: int,
    made: Iterator[Change],
    load: Callable[[Order], Measured],
    ask: Callable[[int, bytes], bytes],
    seconds: int,
) -> Seen:
    # what this process does with 5,000 operations of its own is no matter of the gateway's
    gc.disable()
    results: list[Measured] = []
    order = Order(port, "shop.steady", APP, site.kid, site.secret, round(seconds * _RATE), 32, _RATE)
    beneath = threading.Thread(target=lambda: results.append(load(order)))
    beneath.start()
    times: list[tuple[float, float]] = []
    while beneath.is_alive() or not times:
        change = next(made)
        site.put(change.document)
        began = time.perf_counter()
        while not ask(port, site.call(change.operation)).startswith(b"HTTP/1.1 %d " % change.status):
            if time.perf_counter() - began > _NEVER_S:
                raise RuntimeError("a change is never served")
        times.append((began, time.perf_counter()))
        time.sleep(2 * _AFTER_S)
    beneath.join()
    gc.enable()
    measured = results[0]
    waited = [
        max((ms for at, ms in measured.slow if at < end + _AFTER_S and at + ms / 1000 > begin), default=0.0)
        for begin, end in times
    ]
    broken = sum(number for status, number in measured.statuses.items() if status != 200)
    return Seen([(end - begin) * 1000 for begin, end in times], waited, broken)


def _steady(service: int, **operation: Any) -> Document:
    """A catalogue with an operation of the load's own, which stays as it is."""
    document = shop(service, **operation)
    limits = {"rate": 1_000_000.0, "per_device": 1_000_000.0}
    document["operations"]["shop.steady"] = shop(service, limits=limits)["operations"]["shop.echo"]
    return document


def _one(service: int) -> Iterator[Change]:
    """One operation of a small catalogue is another one."""
    for number in count():
        document = _steady(service)
        document["operations"][f"shop.new{number}"] = document["operations"]["shop.echo"]
        yield Change(document, f"shop.new{number}", 200)


def _large(service: int, most: int) -> Document:
    document = _steady(service, mock={"status": 201})
    words = "Pays a bill of the customer's from one of the accounts, and says when it will be booked. " * 3
    described = {
        "description": words,
        "owner": "payments@bank.example",
        "parameters": [{"name": f"field{number}", "description": words[number * 20 :][:60]} for number in range(8)],
        "headers": [{"name": "x-system", "value": "payments"}],
    }
    operation = document["operations"]["shop.echo"] | described
    document["operations"] |= {f"shop.more{number}": operation for number in range(most - 2)}
    return document


def _defaults(large: Document) -> Iterator[Change]:
    """What holds for all operations: a mock answers where the defaults say so, else the service."""
    for number in count():
        mocked = number % 2 == 0
        yield Change(large | {"defaults": {"mock_on": mocked}}, "shop.more7", 201 if mocked else 200)


def _whole(large: Document) -> Iterator[Change]:
    """All operations are other ones, but for the load's own."""
    for number in count():
        status = 210 + number % 80
        operations = {
            name: operation if name == "shop.steady" else operation | {"mock": {"status": status}}
            for name, operation in large["operations"].items()
        }
        yield Change(large | {"operations": operations, "defaults": {"mock_on": True}}, "shop.more7", status)
