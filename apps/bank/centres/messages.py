"""The message centre: what customers are told, in both languages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from bank.ids import new_hex
from bank.refusals import Refusal
from bank.tables import messages
from bank.times import shown_day
from bank.values import Message, Page
from eden.base.ids import now

PAGE = 30

#: code → (kind, Chinese title, English title, Chinese text, English text)
TEXTS: dict[str, tuple[str, str, str, str, str]] = {
    "new-device": (
        "security",
        "新设备登录提醒",
        "New device",
        "您的账户于今天在一台新设备上登录。如非本人操作，请立即修改密码。",
        "Somebody signed in to your account on a new device today. If it was not you, change your password now.",
    ),
    "salary": (
        "account",
        "工资入账",
        "Salary received",
        "您的活期储蓄账户收到工资 {amount} 元。",
        "Your current account has received a salary of {amount} CNY.",
    ),
    "offer": (
        "offer",
        "小店贷利率下调",
        "Shop loans are cheaper",
        "经营者专享：年利率低至 4.80%，扫描店内二维码即可申请。",
        "For shopkeepers: from 4.80 % a year. Scan the code in the shop to apply.",
    ),
    "term": (
        "account",
        "定期存款到期提醒",
        "Savings term ends",
        "您的一笔定期存款将于下月到期，可选择自动转存。",
        "The term of your savings ends next month. You can have it renewed.",
    ),
    "allowed-accounts": (
        "security",
        "第三方授权",
        "Access allowed",
        "您已授权{name}查看您选择的账户。如非本人操作，请在“我的 → 第三方授权”中撤销。",
        "You allowed {name} to see accounts that you chose. If it was not you, withdraw it: Me → Third parties.",
    ),
    "allowed-payments": (
        "security",
        "第三方付款授权",
        "Payment allowed",
        "您已授权{name}发起一笔付款。如非本人操作，请立即联系我们。",
        "You allowed {name} to make a payment. If it was not you, contact the bank at once.",
    ),
    "transfer-done": (
        "account",
        "转账成功",
        "Transferred",
        "您向{name}转账 {amount} 元。{remark}",
        "You transferred {amount} CNY to {name}. {remark}",
    ),
    "transfer-sent": (
        "account",
        "转账处理中",
        "Transfer on its way",
        "您向{name}（{bank}）转账 {amount} 元已提交，对方银行确认后到账。{remark}",
        "Your transfer of {amount} CNY to {name} ({bank}) is on its way; the other bank will confirm it. {remark}",
    ),
    "transfer-back": (
        "account",
        "转账退回",
        "Transfer returned",
        "您向{name}转账的 {amount} 元未能入账，已退回您的账户。",
        "Your transfer of {amount} CNY to {name} could not be credited; the money is back in your account.",
    ),
    "received": (
        "account",
        "账户入账",
        "Money received",
        "您收到{name}转来的 {amount} 元。{remark}",
        "You received {amount} CNY from {name}. {remark}",
    ),
    "claim-paid": (
        "account",
        "理赔已到账",
        "Your claim is paid",
        "理赔 {number} 已赔付 {amount} 元至您的小店经营户。",
        "Claim {number}: {amount} CNY are in your shop account.",
    ),
    "claim-referred": (
        "account",
        "理赔审核中",
        "Your claim is looked at",
        "理赔 {number}（{amount} 元）正在人工审核，结果将以消息通知。",
        "A person looks at claim {number} ({amount} CNY). You will get the result as a message.",
    ),
    "claim-refused": (
        "account",
        "理赔未通过",
        "Your claim",
        "理赔 {number}（{amount} 元）不在保障范围内。",
        "Claim {number} ({amount} CNY) is not covered.",
    ),
    "loan-offered": (
        "loan",
        "贷款已批准",
        "Your loan is approved",
        "{product}已批准 {amount} 元，请在小程序中签署合同后放款。申请编号 {number}。",
        "{product_en}: {amount} CNY are approved. Sign the contract to receive the money. Number {number}.",
    ),
    "loan-refused": (
        "loan",
        "贷款申请未通过",
        "Your loan application",
        "很抱歉，申请 {number} 未通过：{reasons}",
        "We are sorry: application {number} was not approved. {reasons_en}",
    ),
    "loan-expired": (
        "loan",
        "贷款申请已失效",
        "Your application has ended",
        "申请 {number} 长时间未办理，已自动关闭。您可随时重新申请。",
        "Application {number} has waited for too long and is closed. You can apply again at any time.",
    ),
    "loan-papers": (
        "loan",
        "请补充证件照片",
        "We need your documents again",
        "申请 {number} 的证件照片需要重新拍摄，请在小程序中打开该申请。",
        "Please photograph the documents of application {number} again: open it in the mini program.",
    ),
    "loan-paid": (
        "loan",
        "贷款已放款",
        "Your loan is paid out",
        "{product} {amount} 元已放款至您的账户，合同编号 {number}。",
        "{product_en}: {amount} CNY are in your account. Contract {number}.",
    ),
    "loan-repaid": (
        "loan",
        "还款成功",
        "Repayment received",
        "贷款 {number} 已还款 {amount} 元，剩余本金 {rest} 元。",
        "We received {amount} CNY for loan {number}. {rest} CNY are left.",
    ),
    "interest-paid": (
        "account",
        "利息入账",
        "Interest paid",
        "{product}利息 {amount} 元已入账。",
        "{product_en}: {amount} CNY of interest are in your account.",
    ),
    "loan-collected": (
        "loan",
        "自动还款成功",
        "Instalment collected",
        "贷款 {number} 已自动扣款 {amount} 元，剩余本金 {rest} 元。",
        "We collected {amount} CNY for loan {number}. {rest} CNY are left.",
    ),
    "loan-due": (
        "loan",
        "还款日提醒",
        "An instalment is due soon",
        "贷款 {number} 将于 {day} 自动扣款 {amount} 元，请保持账户余额充足。",
        "{amount} CNY of loan {number} will be collected on {day}. Please have them in your account.",
    ),
    "loan-overdue": (
        "loan",
        "贷款逾期提醒",
        "Your loan is overdue",
        "贷款 {number} 已逾期 {days} 天，逾期金额 {amount} 元，逾期部分按约计收罚息。请尽快还款，或联系我们商议。",
        "Loan {number} has been overdue for {days} days: {amount} CNY, which bear penalty interest. Please repay them,"
        " or talk to us.",
    ),
    "loan-written-off": (
        "loan",
        "贷款核销通知",
        "Your loan was written off",
        "贷款 {number} 已核销，您仍需偿还 {amount} 元。请联系我们商议还款安排。",
        "Loan {number} was written off in our books. You still owe {amount} CNY; please talk to us.",
    ),
    "loan-watched": (
        "loan",
        "贷后关怀",
        "How is business?",
        "我们注意到您的经营流水有变化。如需调整贷款 {number} 的还款安排，请联系我们。",
        "We noticed that your takings have changed. If you would like to repay loan {number} otherwise, talk to us.",
    ),
    "loan-received": (
        "loan",
        "贷款申请已受理",
        "Loan application received",
        "{product} {amount} 元，申请编号 {number}，结果将以消息通知。",
        "{product_en}, {amount} CNY, number {number}. You will get the result as a message.",
    ),
    "reversed": (
        "account",
        "交易冲正",
        "Transaction reversed",
        "一笔 {amount} 元的交易已冲正，详情请查看收支明细。",
        "A transaction of {amount} CNY was reversed. See your statement.",
    ),
}


def do_tell(
    connection: Connection, customer: str, code: str, at: int | None = None, read: bool = False, **values: object
) -> None:
    """Put a message into a customer's box; `values` are what its texts name."""
    kind, *texts = TEXTS[code]
    title, title_en, text, text_en = (one.format(**values).strip() for one in texts)
    moment = now() if at is None else at
    connection.execute(
        insert(messages).values(
            id=new_hex(moment),
            customer_id=customer,
            kind=kind,
            title=[title, title_en],
            text=[text, text_en],
            read=read,
            at=moment,
        )
    )


def unread(connection: Connection, customer: str) -> int:
    return int(
        connection.execute(
            select(func.count()).where(messages.c.customer_id == customer, messages.c.read.is_(False))
        ).scalar_one()
    )


def page(connection: Connection, customer: str, chinese: bool, cursor: str = "") -> Page[Message]:
    """The newest first; `cursor` is the last id of the page before."""
    query = select(messages).where(messages.c.customer_id == customer).order_by(messages.c.id.desc()).limit(PAGE + 1)
    rows = connection.execute(query.where(messages.c.id < cursor) if cursor else query).all()
    items = [_shown(row, chinese) for row in rows[:PAGE]]
    return Page(items, items[-1].id if len(rows) > PAGE else None)


def find(connection: Connection, customer: str, message: str, chinese: bool) -> Message:
    """Refusal "no-message"."""
    row = connection.execute(
        select(messages).where(messages.c.customer_id == customer, messages.c.id == message)
    ).first()
    if row is None:
        raise Refusal("no-message")
    return _shown(row, chinese)


def do_read(connection: Connection, customer: str, message: str) -> int:
    """It has been read; how many have not. Refusal "no-message"."""
    find(connection, customer, message, True)
    connection.execute(update(messages).where(messages.c.id == message).values(read=True))
    return unread(connection, customer)


def do_remove(connection: Connection, customer: str, message: str) -> int:
    """It is gone; how many have not been read. Refusal "no-message"."""
    find(connection, customer, message, True)
    connection.execute(delete(messages).where(messages.c.id == message))
    return unread(connection, customer)


def _shown(row: Row[Any], chinese: bool) -> Message:
    language = 0 if chinese else 1
    return Message(row.id, row.kind, row.title[language], row.text[language], shown_day(row.at), row.read)
