"""What it costs to decide for a device, and to make and use a big list.

Figures: `decision_us` is a rule of three conditions and the device's bucket, together; `rule_us` and `bucket_us` each
of them alone, `pattern_us` a whitelist of twenty patterns on an id that none matches. `list_build_s` is a list of
300,000 ids with its root, `list_lookup_us` and `list_proof_us` a look-up and a proof in it. These are processor time,
the best of several rounds. `agreement_s` is the wall time of a million contexts decided in Python and in TypeScript,
`agreement` whether every answer was the same.
"""

from __future__ import annotations

import tempfile
import time
import timeit
from collections.abc import Callable, Iterable
from pathlib import Path

from bench._harness import Figure
from eden.base.targeting import Context, IdList, bucket, compile_patterns, compile_rule, in_share, parse
from tests.base.targeting.agreement import Draw

ROUNDS = 5

RULE = {
    "all": [
        {"attribute": "city", "operator": "one_of", "values": ["杭州", "上海", "北京"]},
        {"attribute": "app_version", "operator": ">=", "value": "2.3.0"},
        {"any": [{"attribute": "tags", "operator": "has_any", "values": ["beta", "vip"]}, {"list": "staff"}]},
    ]
}
SALT, DEVICE = "8f14e45fceea167a", "3f1e9a10-6f35-4d53-9c1d-0d5f7c3a2b11"
#: the context for which every condition is looked at
CONTEXT = Context(
    city="上海", app_version="2.10.1", tags=frozenset(("new",)), lists=frozenset(("staff",)), device_id=DEVICE
)


def main(quick: bool) -> Iterable[Figure]:
    times, ids = (2_000, 30_000) if quick else (50_000, 300_000)
    decide = compile_rule(parse(RULE))
    matches = compile_patterns([f"^2088{number}\\d{{10}}$" for number in range(20)])
    yield Figure("decision_us", _us(lambda: decide(CONTEXT) and in_share(bucket(SALT, DEVICE), 1000), times), 4.0)
    yield Figure("rule_us", _us(lambda: decide(CONTEXT), times), 2.0)
    yield Figure("bucket_us", _us(lambda: bucket(SALT, DEVICE), times))
    yield Figure("pattern_us", _us(lambda: matches("2089000000000001"), times))

    members = [f"user-{number}" for number in range(ids)]
    yield Figure("list_build_s", _us(lambda: IdList.build(SALT, members).root, 1) / 1e6, 1.2)
    list_ = IdList.build(SALT, members)
    yield Figure("list_lookup_us", _us(lambda: members[ids // 2] in list_, times // 10))
    yield Figure("list_proof_us", _us(lambda: list_.proof(members[ids // 2]), times // 100))

    started = time.perf_counter()
    draw = Draw(seed=1, contexts=20_000 if quick else 1_000_000)
    with tempfile.TemporaryDirectory(prefix="eden-bench-") as folder:
        same = draw.decisions() == draw.typescript(Path(folder))[:2]
    yield Figure("agreement_s", time.perf_counter() - started)
    yield Figure("agreement", float(same), 1.0, at_least=True)


def _us(action: Callable[[], object], times: int) -> float:
    """Microseconds of one run."""
    return min(timeit.repeat(action, number=times, repeat=ROUNDS, timer=time.process_time)) / times * 1e6
