"""The demo bank's data: a small service, in memory, seeded, the same on every start.

An ASGI application `app`, mounted by `eden demo`. Amounts are integer cents (CNY). A write carries an
`idempotency-key` header: the same key gives the first answer again. Errors are `{"code", "message"}` with a 4xx
status. Sign-in takes any phone number and password of a valid form: this is a demo, not an identity provider.
"""

from __future__ import annotations

import datetime
import hashlib
import random
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Json = dict[str, Any]

#: a body larger than this is refused; document photos are sent as sizes and hashes, not as pictures
MAX_BODY = 64 * 1024
PAGE_SIZE = 20
DAILY_LIMIT = 5_000_000
TODAY = datetime.date(2026, 11, 20)

PRODUCTS = {
    "SHOP": {
        "code": "SHOP",
        "name": "小店贷",
        "name_en": "Shop loan",
        "min": 100_000,
        "max": 30_000_000,
        "rate_bp": 480,
    },
    "HOME": {
        "code": "HOME",
        "name": "装修贷",
        "name_en": "Home loan",
        "min": 500_000,
        "max": 50_000_000,
        "rate_bp": 420,
    },
}
#: what a shop's printed code says → product
ENTRY_CODES = {"EDEN-SHOP-2026": "SHOP", "EDEN-HOME-2026": "HOME"}
TERMS = [6, 12, 24, 36]

_MERCHANTS = [
    ("晨光便利店", "shopping", 500, 12_000), ("城市地铁", "transport", 300, 800), ("青禾咖啡", "food", 1_800, 4_500),
    ("南园菜市场", "food", 2_000, 16_000), ("国家电网", "home", 8_000, 26_000), ("书山文具", "shopping", 1_200, 9_000),
    ("仁和药房", "health", 2_500, 18_000), ("星河影城", "leisure", 4_000, 12_000), ("顺达快递", "home", 800, 3_000),
]  # fmt: skip


class Refusal(Exception):
    """An answer that says no: HTTP status, stable code, sentence for a person."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Bank:
    """One customer's accounts, transactions, payees and messages; `seed` fixes them."""

    def __init__(self, seed: int = 7) -> None:
        source = random.Random(seed)
        self.sessions: set[str] = set()
        self.answers: dict[str, Json] = {}
        self.customer = {"name": "林晓雨", "phone": "138****5820", "level": "金卡客户"}
        self.accounts: list[Json] = [
            {
                "id": "a1",
                "name": "活期储蓄",
                "name_en": "Current account",
                "number": "6222 **** **** 3016",
                "balance": 0,
            },
            {
                "id": "a2",
                "name": "定期存款",
                "name_en": "Savings",
                "number": "6222 **** **** 8841",
                "balance": 12_000_000,
            },
            {
                "id": "a3",
                "name": "小店经营户",
                "name_en": "Shop account",
                "number": "6222 **** **** 5520",
                "balance": 0,
            },
        ]
        self.payees: list[Json] = [
            {"id": "p1", "name": "陈默", "bank": "伊甸银行", "number": "6222 0210 0398 1175"},
            {"id": "p2", "name": "王若琳", "bank": "东海银行", "number": "6228 4800 1290 6634"},
            {"id": "p3", "name": "南园菜市场", "bank": "城商银行", "number": "6217 0013 0005 2290"},
        ]
        self.messages: list[Json] = [
            _message(
                "m1", "security", "新设备登录提醒", "您的账户于今天在一台新设备上登录。如非本人操作,请立即修改密码。", 0
            ),
            _message("m2", "account", "工资入账", "您的活期储蓄账户收到工资 12,800.00 元。", 2),
            _message(
                "m3", "offer", "小店贷利率下调", "经营者专享:年利率低至 4.80%,扫描店内二维码即可申请。", 5, read=True
            ),
            _message(
                "m4", "account", "定期存款到期提醒", "您的一笔定期存款将于下月到期,可选择自动转存。", 9, read=True
            ),
        ]
        self.transactions: list[Json] = []
        self._seed_year(source)

    def _seed_year(self, source: random.Random) -> None:
        for back in range(365, -1, -1):
            day = TODAY - datetime.timedelta(days=back)
            if day.day == 18:
                self._book("a1", 1_280_000, "示例科技有限公司", "income", day, 9)
            if day.day == 5:
                self._book("a1", -350_000, "安居公寓", "home", day, 10)
            for _ in range(source.choice([0, 1, 1, 2])):
                name, kind, low, high = source.choice(_MERCHANTS)
                self._book("a1", -source.randrange(low, high, 10), name, kind, day, source.randint(8, 21))
            if day.weekday() in (1, 4):
                self._book("a3", source.randrange(60_000, 220_000, 100), "收单结算", "income", day, 23)
        self.transactions.reverse()

    def _book(self, account: str, amount: int, name: str, kind: str, day: datetime.date, hour: int) -> Json:
        holder = self.account(account)
        holder["balance"] += amount
        number = len(self.transactions) + 1
        record = {
            "id": f"t{number}", "account": account, "amount": amount, "name": name, "kind": kind,
            "time": f"{day.isoformat()} {hour:02d}:{number * 7 % 60:02d}", "balance": holder["balance"],
        }  # fmt: skip
        self.transactions.append(record)
        return record

    def account(self, account_id: object) -> Json:
        found = next((account for account in self.accounts if account["id"] == account_id), None)
        if found is None:
            raise Refusal(404, "no-account", "没有这个账户。")
        return found

    # ---- reads -------------------------------------------------------------------------------------------------

    def overview(self, _: Json) -> Json:
        return {
            "customer": self.customer,
            "total": sum(account["balance"] for account in self.accounts),
            "accounts": self.accounts,
            "recent": self.transactions[:5],
            "unread": sum(not message["read"] for message in self.messages),
        }

    def list_transactions(self, query: Json) -> Json:
        account = query.get("account")
        if account:
            self.account(account)
        direction = query.get("direction", "all")
        records = [
            record
            for record in self.transactions
            if (not account or record["account"] == account)
            and (direction == "all" or (record["amount"] > 0) == (direction == "in"))
        ]
        start = _integer(query.get("cursor", "0"), "cursor", 0, 1_000_000)
        page = records[start : start + PAGE_SIZE]
        more = start + PAGE_SIZE < len(records)
        return {"items": page, "next": start + PAGE_SIZE if more else None, "total": len(records)}

    def transaction(self, query: Json) -> Json:
        found = next((record for record in self.transactions if record["id"] == query.get("id")), None)
        if found is None:
            raise Refusal(404, "no-transaction", "没有这笔交易。")
        return {**found, "account_name": self.account(found["account"])["name"]}

    def list_payees(self, _: Json) -> Json:
        return {"items": self.payees, "daily_limit": DAILY_LIMIT}

    def list_messages(self, _: Json) -> Json:
        return {"items": self.messages}

    def message(self, query: Json) -> Json:
        found = next((message for message in self.messages if message["id"] == query.get("id")), None)
        if found is None:
            raise Refusal(404, "no-message", "没有这条消息。")
        return found

    def products(self, query: Json) -> Json:
        code = str(query.get("code", "")).strip().upper()
        if code not in ENTRY_CODES:
            raise Refusal(404, "unknown-code", "无法识别这个申请码,请核对后重试。")
        return {"product": PRODUCTS[ENTRY_CODES[code]], "terms": TERMS}

    # ---- writes ------------------------------------------------------------------------------------------------

    def sign_in(self, body: Json) -> Json:
        phone, password = str(body.get("phone", "")), str(body.get("password", ""))
        if not (len(phone) == 11 and phone.isdigit() and phone.startswith("1")):
            raise Refusal(400, "bad-phone", "请输入 11 位手机号。")
        if len(password) < 6:
            raise Refusal(400, "bad-password", "密码至少 6 位。")
        token = secrets.token_urlsafe(24)
        self.sessions.add(token)
        return {"token": token, "customer": self.customer}

    def transfer(self, body: Json) -> Json:
        payee = next((payee for payee in self.payees if payee["id"] == body.get("payee")), None)
        if payee is None:
            raise Refusal(400, "no-payee", "请选择收款人。")
        account = self.account(body.get("account", "a1"))
        amount = _integer(body.get("amount"), "amount", 1, DAILY_LIMIT)
        if amount > account["balance"]:
            raise Refusal(409, "insufficient-funds", "余额不足。")
        remark = str(body.get("remark", ""))[:30]
        record = self._book(account["id"], -amount, payee["name"], "transfer", TODAY, 12)
        self.transactions.insert(0, self.transactions.pop())
        self._notify("account", "转账成功", f"您向{payee['name']}转账 {amount / 100:,.2f} 元。{remark}")
        return {"transaction": record, "payee": payee, "balance": account["balance"]}

    def apply(self, body: Json) -> Json:
        product = PRODUCTS.get(str(body.get("product")))
        if product is None:
            raise Refusal(400, "no-product", "没有这个产品。")
        low, high = int(str(product["min"])), int(str(product["max"]))
        amount = _integer(body.get("amount"), "amount", low, high)
        if body.get("term") not in TERMS:
            raise Refusal(400, "bad-term", "请选择还款期数。")
        if not body.get("document"):
            raise Refusal(400, "no-document", "请先拍摄证件。")
        if body.get("agreed") is not True:
            raise Refusal(400, "not-agreed", "请阅读并同意借款合同。")
        digest = hashlib.sha256(msgspec.json.encode(sorted(body.items(), key=str))).hexdigest()
        number = f"L{TODAY:%Y%m%d}{int(digest[:8], 16) % 1_000_000:06d}"
        self._notify(
            "loan", "贷款申请已受理", f"{product['name']} {amount / 100:,.2f} 元,申请编号 {number},结果将以消息通知。"
        )
        return {
            "number": number,
            "state": "reviewing",
            "product": product["code"],
            "amount": amount,
            "term": body["term"],
        }

    def read(self, body: Json) -> Json:
        found = self.message({"id": body.get("id")})
        found["read"] = True
        return {"unread": sum(not message["read"] for message in self.messages)}

    def remove(self, body: Json) -> Json:
        found = self.message({"id": body.get("id")})
        self.messages.remove(found)
        return {"unread": sum(not message["read"] for message in self.messages)}

    def _notify(self, kind: str, title: str, text: str) -> None:
        self.messages.insert(0, _message(f"m{secrets.token_hex(4)}", kind, title, text, 0))


def _message(message_id: str, kind: str, title: str, text: str, days: int, read: bool = False) -> Json:
    day = TODAY - datetime.timedelta(days=days)
    return {"id": message_id, "kind": kind, "title": title, "text": text, "time": day.isoformat(), "read": read}


def _integer(value: object, name: str, low: int, high: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise Refusal(400, f"bad-{name}", "金额格式不正确。" if name == "amount" else f"{name} 格式不正确。") from None
    if not low <= number <= high:
        raise Refusal(400, f"bad-{name}", f"金额应在 {low / 100:,.2f} 至 {high / 100:,.2f} 元之间。")
    return number


class Service:
    """HTTP over a bank. Every path but /session asks for the session's token."""

    def __init__(self, bank: Bank | None = None) -> None:
        self.bank = bank or Bank()
        self.reads = {
            "/overview": self.bank.overview, "/transactions": self.bank.list_transactions,
            "/transaction": self.bank.transaction, "/payees": self.bank.list_payees,
            "/messages": self.bank.list_messages, "/message": self.bank.message, "/loan-product": self.bank.products,
        }  # fmt: skip
        self.writes = {
            "/session": self.bank.sign_in, "/transfers": self.bank.transfer, "/loans": self.bank.apply,
            "/messages/read": self.bank.read, "/messages/remove": self.bank.remove,
        }  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, answer = 200, await self._answer(scope, receive)
        except Refusal as refusal:
            status, answer = refusal.status, {"code": refusal.code, "message": refusal.message}
        headers = [(b"content-type", b"application/json; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": msgspec.json.encode(answer)})

    async def _answer(self, scope: Scope, receive: Receive) -> Json:
        method, path = scope["method"], scope["path"]
        table = self.reads if method == "GET" else self.writes if method == "POST" else {}
        handle = table.get(path)
        if handle is None:
            raise Refusal(404, "not-found", "没有这个接口。")
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if path != "/session" and token not in self.bank.sessions:
            raise Refusal(401, "signed-out", "登录已失效,请重新登录。")
        if method == "GET":
            query = parse_qs(scope.get("query_string", b"").decode())
            return handle({name: values[-1] for name, values in query.items()})
        body = await _read_body(receive)
        key = headers.get("idempotency-key")
        known = self.bank.answers.get(f"{path} {key}") if key else None
        if known is not None:
            return known
        answer = handle(body)
        if key:
            self.bank.answers[f"{path} {key}"] = answer
        return answer


async def _read_body(receive: Receive) -> Json:
    data = b""
    while True:
        message = await receive()
        data += message.get("body", b"")
        if len(data) > MAX_BODY:
            raise Refusal(413, "too-large", "请求过大。")
        if not message.get("more_body"):
            break
    try:
        body = msgspec.json.decode(data or b"{}")
    except msgspec.DecodeError:
        raise Refusal(400, "bad-json", "请求格式不正确。") from None
    if not isinstance(body, dict):
        raise Refusal(400, "bad-json", "请求格式不正确。")
    return body


app = Service()
