"""The sentences of the pages that customers see, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

#: name → (English, Chinese)
_TEXTS: dict[str, tuple[str, str]] = {
    "bank": ("Eden Bank", "伊甸银行"),
    "other-language": ("中文", "English"),
    "asks-accounts": ("{name} asks to see your accounts", "{name} 申请查看您的账户"),
    "asks-payment": ("{name} asks you to pay", "{name} 请您付款"),
    "who": ("Who asks", "申请方"),
    "sends-back": ("You return to", "完成后返回"),
    "what": ("What they may see", "允许查看的内容"),
    "until": ("Until", "有效期至"),
    "until-withdrawn": ("you withdraw it", "您撤销授权为止"),
    "period": ("Transactions of", "交易时间范围"),
    "since": ("since {start}", "{start} 起"),
    "to": ("until {end}", "截至 {end}"),
    "between": ("{start} to {end}", "{start} 至 {end}"),
    "all-time": ("all that there are", "全部"),
    "ReadAccountsBasic": (
        "which accounts you have, their kind and currency",
        "您有哪些账户、账户种类与币种",
    ),
    "ReadAccountsDetail": ("account numbers and your name", "账号与您的姓名"),
    "ReadBalances": ("balances", "余额"),
    "transactions-both": ("payments in and out: amount, day and kind", "收入与支出：金额、日期与类型"),
    "transactions-in": ("payments in: amount, day and kind", "收入：金额、日期与类型"),
    "transactions-out": ("payments out: amount, day and kind", "支出：金额、日期与类型"),
    "ReadTransactionsDetail": ("with whom, and the notes", "交易对方与附言"),
    "amount": ("Amount", "金额"),
    "creditor": ("To", "收款人"),
    "number": ("Account number", "收款账号"),
    "creditor-bank": ("Bank", "收款银行"),
    "reference": ("Reference", "附言"),
    "sign-in": ("Sign in to go on", "登录后继续"),
    "phone": ("Phone number", "手机号"),
    "password": ("Password", "密码"),
    "pin": ("Payment PIN", "支付密码"),
    "continue": ("Continue", "继续"),
    "cancel": ("Cancel", "取消"),
    "only-here": (
        "Type your password here only. {name} does not get it.",
        "请只在本页输入密码，{name} 不会得到您的密码。",
    ),
    "signed-in-as": ("Signed in as {name}", "已登录：{name}"),
    "choose-accounts": ("Which accounts?", "选择账户"),
    "choose-account": ("Pay from", "付款账户"),
    "available": ("available {amount} CNY", "可用余额 {amount} 元"),
    "too-little": ("not enough for this payment", "余额不足"),
    "none-chosen": ("Choose at least one account.", "请至少选择一个账户。"),
    "allow": ("Allow", "同意授权"),
    "pay": ("Pay {amount} CNY", "确认支付 {amount} 元"),
    "refuse": ("Refuse", "拒绝"),
    "withdraw-hint": (
        "You can take this back at any time in the bank's program: Me → Third parties.",
        "您可以随时在银行小程序中撤销：我的 → 第三方授权。",
    ),
    "bad-sign-in": ("The phone number or the password is not right.", "手机号或密码不正确。"),
    "gone-title": ("This page leads nowhere any more", "此页面已失效"),
    "gone": (
        "The request is not known, was decided, or its time is over. Go back to where you came from and begin again.",
        "该请求不存在、已处理或已超时。请返回原页面重新开始。",
    ),
    "no-account-title": ("You cannot pay this", "无法支付"),
    "no-account": (
        "You have no account from which this payment can be made.",
        "您没有可用于这笔付款的账户。",
    ),
    "back": ("Back to {name}", "返回 {name}"),
}

LANGUAGES = ("en", "zh")


def words(language: str) -> Mapping[str, str]:
    """Every sentence in a language; they take their values by `format`."""
    place = LANGUAGES.index(language)
    return {name: texts[place] for name, texts in _TEXTS.items()}
