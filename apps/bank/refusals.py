"""What a customer is told when something cannot be done: a stable code, a sentence in Chinese and in English.

A `Refusal` is a `Problem` (RFC 9457) of the bank's own catalogue. It is rendered in the language that the request
prefers: its `detail` is for the person, `code` for the program.
"""

from __future__ import annotations

from typing import Any

import msgspec

from eden.base.errors import EdenError
from eden.base.problems import Problem

#: code → (HTTP status, Chinese, English); the sentences take the refusal's values by name
SENTENCES: dict[str, tuple[int, str, str]] = {
    "not-found": (404, "没有找到您要的内容。", "There is no such thing."),
    "method-not-allowed": (405, "不支持这种操作。", "Not with this method."),
    "invalid": (400, "请求内容不正确：{what}", "The request is not valid: {what}"),
    "too-large": (413, "请求过大。", "The request is too large."),
    "internal": (500, "系统繁忙，请稍后再试。", "Something unexpected went wrong. Please try again."),
    "signed-out": (401, "登录已失效，请重新登录。", "You are signed out. Please sign in again."),
    "forbidden": (403, "您没有权限进行此操作。", "You may not do this."),
    "bad-phone": (400, "请输入 11 位手机号。", "Enter a phone number of 11 digits."),
    "bad-sign-in": (401, "手机号或密码不正确。", "The phone number or the password is not right."),
    "type-again": (422, "请重新输入密码。", "Please type it again."),
    "keyboard-only": (400, "请使用安全键盘输入密码。", "Type the password on the secure keyboard."),
    "typed-differently": (422, "两次输入不一致，请重新输入。", "The two are not the same. Please type both again."),
    "wrong-password": (403, "当前密码不正确。", "The password is not right."),
    "no-pin": (403, "请输入支付密码。", "Enter your payment PIN."),
    "wrong-pin": (403, "支付密码不正确，还可尝试 {left} 次。", "The PIN is not right. {left} tries are left."),
    "pin-locked": (403, "已锁定，请联系客服。", "It is locked. Please contact the bank."),
    "phone-taken": (409, "该手机号已注册，请直接登录。", "This number is a customer's already. Please sign in."),
    "bad-name": (400, "请输入姓名。", "Enter your name."),
    "no-keyboard": (503, "安全键盘暂不可用，请稍后再试。", "The secure keyboard is not available. Please try again."),
    "locked": (429, "尝试次数过多，请 {minutes} 分钟后再试。", "Too many attempts. Try again in {minutes} minutes."),
    "bad-amount": (
        400,
        "金额应在 {low} 至 {high} 元之间。",
        "The amount must be from {low} to {high} CNY.",
    ),
    "no-account": (404, "没有这个账户。", "There is no such account."),
    "account-frozen": (409, "该账户已冻结，请联系客服。", "This account is frozen. Please contact the bank."),
    "statement-open": (
        409,
        "有交易正在入账，请稍后再试。",
        "Something is being booked at the moment. Please try again.",
    ),
    "no-payee": (400, "请选择收款人。", "Choose a payee."),
    "no-shop": (404, "没有找到这家店铺，请核对店铺号。", "No shop has this number. Check it and try again."),
    "over-till-limit": (
        409,
        "超过免密付款的单日限额，今日还可付 {left} 元。更大金额请使用转账。",
        "Above the daily limit without a PIN: {left} CNY are left today. Make a transfer for more.",
    ),
    "no-transaction": (404, "没有这笔交易。", "There is no such transaction."),
    "no-message": (404, "没有这条消息。", "There is no such message."),
    "same-account": (400, "收款账户与付款账户相同。", "Both accounts are the same."),
    "insufficient-funds": (409, "余额不足。", "There is not enough money in the account."),
    "over-transfer-limit": (409, "超过单笔限额 {limit} 元。", "Above the limit of {limit} CNY for one transfer."),
    "over-daily-limit": (
        409,
        "超过单日限额，今日还可转账 {left} 元。",
        "Above the daily limit: {left} CNY are left today.",
    ),
    "key-used": (422, "该请求编号已用于另一笔业务。", "This idempotency key was used for a different request."),
    "not-reversible": (409, "这笔交易不能冲正。", "This transaction cannot be reversed."),
    "unknown-code": (404, "无法识别这个申请码，请核对后重试。", "This code is not known. Check it and try again."),
    "no-product": (400, "没有这个产品。", "There is no such product."),
    "bad-term": (400, "请选择还款期数。", "Choose a number of instalments."),
    "no-document": (400, "请先拍摄证件。", "Photograph your document first."),
    "not-agreed": (400, "请阅读并同意借款合同。", "Read and accept the loan contract first."),
    "no-loan": (404, "没有这笔贷款。", "There is no such loan."),
    "not-offered": (409, "该申请目前不能签约。", "This application cannot be signed now."),
    "too-late": (409, "冷静期已过，合同不能解除。", "The time to withdraw from this contract is over."),
    "contract-changed": (409, "合同已更新，请重新查看后签署。", "The contract has changed: read it again and sign."),
    "offer-outdated": (
        409,
        "本次报价后您的借款情况已变化，请重新申请。",
        "You owe more than when this was offered. Please apply again.",
    ),
    "no-deposit": (409, "您没有可用于放款的活期账户。", "You have no account that the loan could be paid into."),
    "too-much-repaid": (409, "最多可还 {most} 元。", "At most {most} CNY can be repaid."),
    "repay-all": (
        409,
        "该金额已超过剩余本金，结清贷款请还 {payoff} 元。",
        "This is more than the principal. Repay {payoff} CNY to end the loan.",
    ),
    "repayment-open": (
        409,
        "该贷款有还款正在入账，请稍后再试。",
        "A repayment of this loan is being booked. Please try again in a moment.",
    ),
    "not-overdue": (
        409,
        "该贷款已还款，不再符合核销条件，该任务将在日终后关闭。",
        "Enough was repaid that this loan is not written off. It leaves the list tonight.",
    ),
    "not-decidable": (409, "该申请不在待人工审核状态。", "This application does not wait for an officer."),
    "not-possible": (409, "该申请目前不能进行此操作。", "This cannot be done with the application as it is now."),
    "taken": (409, "{owner} 已领取该任务。", "{owner} has taken it already."),
    "not-claimed": (409, "请先领取该任务。", "Take it first."),
    "four-eyes": (409, "须由另一位审批人复核。", "Another officer has to agree: you have said your word."),
    "no-note": (400, "请填写审批意见。", "Say why: a decision needs a note."),
    "busy": (503, "当前识别请求较多，请稍后再试。", "Many photos are being read. Please try again in a moment."),
    "too-many-photos": (429, "今日拍摄次数过多，请明天再试。", "Too many photos today. Please try again tomorrow."),
    "bad-photo": (400, "照片无法识别，请重新拍摄。", "The photo shows too little. Take it again."),
    "bad-film": (
        400,
        "视频无法识别：请拍摄 1 至 {seconds} 秒的 MP4 视频，不超过 5 MB。",
        "The film cannot be used: an MP4 of 1 to {seconds} seconds, 5 MB at most.",
    ),
    "photo-used": (409, "这张照片或视频已用于其他理赔。", "This photo or film was in a claim before."),
    "no-batch": (404, "没有这个批次，或其营业日尚未结束。", "There is no such batch, or its day has not ended."),
    "batch-order": (409, "请先完成此前的批次。", "What comes before this batch has to be done first."),
    "own-proposal": (409, "不能审批自己提交的内容。", "Nobody decides what is their own. Somebody else has to."),
    "not-author": (403, "只有提交人可以这样做。", "Only who has proposed it can do this."),
    "proposal-state": (409, "状态已变化，请刷新后查看。", "It is not in that state any more. Load it again."),
    "lender-changed": (409, "机构信息已被他人修改，请刷新后重试。", "Somebody changed the lender. Load it again."),
    "product-changed": (409, "产品已被他人修改，请刷新后重试。", "Somebody changed this product. Load it again."),
}


class Refusal(Problem):
    """Raise it with a code of `SENTENCES` and the values that its sentence names."""

    def __init__(self, code: str, **values: object) -> None:
        self.status, chinese, english = SENTENCES[code]
        self.chinese, self.title = chinese.format(**values), english.format(**values)
        EdenError.__init__(self, code, self.title)
        self.errors = ()
        self.headers = {}

    def body(self, chinese: bool, trace: str | None = None) -> bytes:
        """`application/problem+json` in the language of the person."""
        told: dict[str, Any] = self.json(trace)
        return msgspec.json.encode(told | {"detail": self.chinese if chinese else self.sentence})


def yuan(cents: int) -> str:
    """123456 → "1,234.56": how sentences show an amount."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"
