"""A draw of rules and contexts, and both languages' answers to it.

Contexts are not written out: each is some bytes that pick from pools of values, which both sides read. Rules are drawn
anew until they hold for a part of the contexts only, so that an answer says something.
"""

from __future__ import annotations

import json
import random
import subprocess
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from eden.base import tools
from eden.base.targeting import Context, IdList, Proof, RuleError, bucket, compile_rule, in_share, parse, verify
from eden.base.targeting.language import ATTRIBUTES, BOUNDS, OPERATORS, Kind, Operand

CONTAINER = Path(__file__).parents[3] / "container"
_CONTEXTS_PER_RULE = 500
#: Of so many contexts one device is looked up in a share: SHA-256 in plain JavaScript is most of the time.
_BUCKET_EVERY = 5
#: bytes of a device's own id
_DEVICE = 8
_ENTRY = """
import { readFileSync, writeFileSync } from 'node:fs'
import { answer } from './host/targeting/agreement'
const [work, picks, decisions, buckets] = process.argv.slice(2)
const answers = answer(JSON.parse(readFileSync(work, 'utf8')), readFileSync(picks))
writeFileSync(decisions, answers.decisions)
writeFileSync(buckets, answers.buckets)
process.stdout.write(JSON.stringify({ candidates: answers.candidates, proofs: answers.proofs }))
"""

_COMMON: dict[str, list[str]] = {
    "city": ["杭州", "上海", "北京", "Paris", "São Paulo", "北京市", "new york"],
    "device_model": ["iPhone 14", "iPhone 14 Pro", "Pixel 8", "HUAWEI P60", "Mi 11", "MI 11"],
    "platform": ["ios", "android", "harmony", "web"],
    "network": ["wifi", "4g", "5g", "offline"],
    "language": ["zh-CN", "en", "en-GB", "pt-BR"],
    "channel": ["AppStore", "huawei", "xiaomi", "oppo"],
    "user_id": ["2088000000000001", "2088000000000002", "u-1", "u-12", "用户"],
    "device_id": ["d-1", "d-12", "qa-1", "dev-7", "😀"],
    "os_version": ["13", "14.0", "17.5.1", "17.5", "18.0.0-beta.2", "18"],
    "app_version": ["1.0", "1.2.3", "1.10.0", "2.0.0-alpha", "2.0.0-rc.1", "2.0.0", "2.0.0+7", "v2.1"],
    "container_version": ["1.0.0.1", "1.0.0.2", "1", "1.0.1", "2"],
}
_TAGS = ["beta", "vip", "staff", "new", "é", "__proto__"]
_LISTS = ["l-1", "l-2", "staff", "toString", "constructor"]
_ODD = [
    "",
    "__proto__",
    "constructor",
    "e\u0301",
    "é",
    "😀",
    "\ud83d",
    "\udc00a",
    "a\nb",
    "A",
    "K",
    "\u212a",
    " ",
    "x" * 300,
]
_ODD_VERSIONS = [
    "",
    "v",
    "1.",
    "1.2.3.4.5",
    "1.0-",
    "١",
    "1.0-é",
    "01.002",
    "1.0-01",
    "1.0-1",
    "latest",
    "9" * 40,
    "1 ",
]
_PATTERNS = [
    "^iPhone",
    "1[0-4]",
    "^2088\\d{12}$",
    "[^0-9]$",
    "^(qa|dev)-",
    "州|海",
    "^.{2}$",
    "o+",
    "\\w-\\w",
    "(.)?1$",
    "^[😀-😂]",
]


class Draw:
    """What is decided on, and what Python decides."""

    def __init__(self, seed: int, contexts: int) -> None:
        self._random = random.Random(seed)
        draw = self._random
        self.pools: dict[str, list[Any]] = {name: [self._known(name) for _ in range(256)] for name in _COMMON}
        self.pools["tags"] = [draw.sample(_TAGS, draw.randrange(4)) for _ in range(256)]
        self.pools["lists"] = [draw.sample(_LISTS, draw.randrange(4)) for _ in range(256)]
        self.names = tuple(self.pools)
        self.width = len(self.names) + _DEVICE
        self.picks = draw.randbytes(contexts * self.width)
        self._values: list[list[Any]] = [
            [frozenset(value) if isinstance(value, list) else value for value in pool] for pool in self.pools.values()
        ]
        self.rules = [self._useful_rule() for _ in range(contexts // _CONTEXTS_PER_RULE)]
        self.salts = [f"release-{number}" for number in range(len(self.rules))]
        self.shares = [draw.randrange(10_001) for _ in self.rules]
        self.candidates = [self._damaged(draw.choice(self.rules)) for _ in range(3000)]
        self.proofs = [proof for _ in range(60) for proof in self._proofs()]

    def contexts(self, rule: int) -> list[Context]:
        """The contexts that the rule of this number decides on."""
        block = self._block(rule)
        columns = ([values[pick] for pick in block[place :: self.width]] for place, values in enumerate(self._values))
        return [Context(**dict(zip(self.names, row, strict=True))) for row in zip(*columns, strict=True)]

    def decisions(self) -> tuple[bytes, bytes]:
        """As `Answers` in agreement.ts: a byte for each context, and the buckets."""
        decisions, buckets = bytearray(), array("I")
        for number, rule in enumerate(self.rules):
            decide, salt, share = compile_rule(parse(rule)), self.salts[number], self.shares[number]
            held: list[int] = list(map(decide, self.contexts(number)))
            for place in range(0, _CONTEXTS_PER_RULE, _BUCKET_EVERY):
                drawn = bucket(salt, self._device(number, place))
                buckets.append(drawn)
                held[place] += 2 * in_share(drawn, share)
            decisions += bytes(held)
        return bytes(decisions), buckets.tobytes()

    def accepted(self) -> str:
        return "".join("1" if _is_rule(value) else "0" for value in self.candidates)

    def verified(self) -> str:
        return "".join(
            "1"
            if verify(one["root"], one["size"], one["salt"], one["id"], msgspec.convert(one["proof"], Proof))
            else "0"
            for one in self.proofs
        )

    def typescript(self, folder: Path) -> tuple[bytes, bytes, str, str]:
        """What TypeScript answers: decisions, buckets, accepted candidates, verified proofs."""
        program = subprocess.run(
            [tools.esbuild(), "--bundle", "--platform=node", "--format=cjs", "--log-level=warning"],
            input=_ENTRY,
            capture_output=True,
            text=True,
            check=True,
            cwd=CONTAINER,
        )
        names = ("answer.cjs", "work.json", "picks", "decisions", "buckets")
        script, work, picks, decisions, buckets = (folder / name for name in names)
        script.write_text(program.stdout, encoding="utf-8")
        picks.write_bytes(self.picks)
        rules = zip(self.rules, self.salts, self.shares, strict=True)
        content = {
            "pools": self.pools,
            "rules": [{"rule": rule, "salt": salt, "share": share} for rule, salt, share in rules],
            "contextsPerRule": _CONTEXTS_PER_RULE,
            "bucketEvery": _BUCKET_EVERY,
            "candidates": self.candidates,
            "proofs": self.proofs,
        }
        work.write_text(json.dumps(content), encoding="utf-8")
        node = tools.require_node("Comparing both languages")
        done = subprocess.run(
            [node, script, work, picks, decisions, buckets], capture_output=True, text=True, check=True
        )
        rest = json.loads(done.stdout)
        return decisions.read_bytes(), buckets.read_bytes(), rest["candidates"], rest["proofs"]

    def tell(self, index: int) -> str:
        """The rule and the context of a decision, for the message of a failure."""
        rule, place = divmod(index, _CONTEXTS_PER_RULE)
        return f"{json.dumps(self.rules[rule])} on {self.contexts(rule)[place]}"

    def _device(self, rule: int, place: int) -> str:
        picks = self._block(rule)[place * self.width : (place + 1) * self.width]
        at = self.names.index("device_id")
        return picks[-_DEVICE:].hex() + (self.pools["device_id"][picks[at]] or "")

    def _block(self, rule: int) -> bytes:
        length = _CONTEXTS_PER_RULE * self.width
        return self.picks[rule * length : (rule + 1) * length]

    def _known(self, name: str) -> str | None:
        """A value of a context: mostly one that rules speak of, sometimes none, sometimes an odd one."""
        draw = self._random
        match draw.choices(("common", "near", "odd", "none"), (70, 8, 12, 10))[0]:
            case "common":
                return draw.choice(_COMMON[name])
            case "near":
                return draw.choice(_COMMON[name]) + draw.choice(["", "0", "x", ".1", "-rc", " "])
            case "odd":
                return draw.choice(_ODD + _ODD_VERSIONS if ATTRIBUTES[name] is Kind.VERSION else _ODD)
        return None

    def _useful_rule(self) -> dict[str, Any]:
        draw = self._random
        sample = [self._some_context() for _ in range(40)]
        while True:
            rule = self._rule(draw.randrange(4))
            try:
                decide = compile_rule(parse(rule))
            except RuleError:  # too many patterns, or a range that is empty
                continue
            if 8 <= sum(map(decide, sample)) <= 32:
                return rule

    def _some_context(self) -> Context:
        values = (self._random.choice(values) for values in self._values)
        return Context(**dict(zip(self.names, values, strict=True)))

    def _rule(self, depth: int) -> dict[str, Any]:
        draw = self._random
        shape = draw.choices(("all", "any", "not", "list", "everyone", "condition"), (4, 4, 2, 1, 0.2, 4))[0]
        if depth == 0 or shape == "condition":
            return self._condition(draw.choice(list(ATTRIBUTES)))
        if shape == "list":
            return {"list": draw.choice(_LISTS)}
        if shape == "everyone":
            return {"everyone": True}
        if shape == "not":
            return {"not": self._rule(depth - 1)}
        return {shape: [self._rule(depth - 1) for _ in range(draw.randint(1, 4))]}

    def _condition(self, attribute: str) -> dict[str, Any]:
        draw = self._random
        operators = OPERATORS[ATTRIBUTES[attribute]]
        operator = draw.choice(list(operators))
        head: dict[str, Any] = {"attribute": attribute, "operator": operator}
        if operators[operator] is Operand.RANGE:
            low, high = draw.choices(_COMMON[attribute], k=2)
            return head | {"from": low, "to": high, "bounds": draw.choice(BOUNDS)}
        pool = _TAGS if attribute == "tags" else _PATTERNS if operator == "matches" else _COMMON[attribute]
        values = [draw.choice(pool) for _ in range(draw.randint(1, 4))]
        if operator in ("prefix", "suffix", "contains"):
            values = [value[:2] if operator == "prefix" else value[-2:] for value in values]
        return head | ({"value": values[0]} if operators[operator] is Operand.ONE else {"values": values})

    def _damaged(self, rule: dict[str, Any]) -> Any:
        """A rule with something changed somewhere: half of the time still one."""
        draw = self._random
        copy = json.loads(json.dumps(rule))
        holders = list(_holders(copy))
        holder = draw.choice(holders)
        if isinstance(holder, list):
            holder[draw.randrange(len(holder))] = draw.choice(
                [
                    "(",
                    "a|b",
                    "x" * 257,
                    "😀" * 256,
                    "",
                    1,
                    None,
                    {"everyone": True},
                    "1.2",
                    "\ud83d",
                    "a\u0085",
                    "ok",
                    "[^a]",
                ]
            )
        else:
            field = draw.choice(list(holder))
            match draw.randrange(4):
                case 0:
                    del holder[field]
                case 1:
                    holder[draw.choice(["value", "note", "__proto__", "bounds", "all"])] = draw.choice(
                        ["1.0", ["1"], "[]"]
                    )
                case 2:
                    holder[field] = draw.choice(
                        ["city", "app_version", ">=", "one_of", "[]", True, ["a"], [], "1.0", "b"]
                    )
                case _:
                    pass
        return copy

    def _proofs(self) -> Iterator[dict[str, Any]]:
        draw = self._random
        size = draw.choice([1, 2, 3, draw.randint(4, 40), draw.randint(40, 1000)])
        salt = f"list-{draw.random()}"
        list_ = IdList.build(salt, (f"user-{number}" for number in range(size)))
        for _ in range(6):
            id_ = f"user-{draw.randrange(size)}"
            proof = msgspec.to_builtins(list_.proof(id_))
            path = list(proof["path"])
            match draw.randrange(8):
                case 0:
                    proof["index"] += draw.choice([-1, 1])
                case 1 if path:
                    del path[draw.randrange(len(path))]
                case 2:
                    path.append(list_.root)
                case 3 if path:
                    draw.shuffle(path)
                case 4:
                    id_ += draw.choice(["x", "\ud800", ""])
            yield {"root": list_.root, "size": size, "salt": salt, "id": id_, "proof": proof | {"path": path}}


def _is_rule(value: Any) -> bool:
    try:
        parse(value)
    except RuleError:
        return False
    return True


def _holders(value: Any) -> Iterator[Any]:
    """The objects and lists within a JSON value that have something in them."""
    if isinstance(value, dict | list) and value:
        yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from _holders(part)
