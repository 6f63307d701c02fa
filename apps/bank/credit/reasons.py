"""What codes of reasons say to a person: Chinese, English. Packs bring their own sentences."""

from __future__ import annotations

from typing import Final

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "not-agreed": ("未授权查询征信。", "You have not agreed to a look-up at the credit bureau."),
    "too-young": ("申请人未满 18 岁。", "The applicant is younger than 18."),
    "too-old": ("贷款到期时年龄超过上限。", "The applicant would be too old at the end of the loan."),
    "amount-range": ("金额不在产品范围内。", "The amount is not in the product's range."),
    "term": ("期限不在产品范围内。", "The product has not got this term."),
    "in-default": ("有未结清的违约贷款。", "There is a loan in default that is not settled."),
    "overdue-90": ("近一年有 90 天以上逾期。", "A payment was 90 days late or more in the last year."),
    "too-new": ("经营时间过短。", "The business has not existed for long enough."),
    "identity": ("身份信息尚未核验，需人工审核。", "The identity is not confirmed yet: a person will look at it."),
    "late-often": ("逾期次数较多，需人工审核。", "Payments were often late: a person will look at it."),
    "many-enquiries": ("近期查询较多，需人工审核。", "There were many enquiries lately: a person will look at it."),
    "large": ("金额较大，需人工审核。", "It is a large amount: a person will look at it."),
    "unknown": ("往来时间较短，需人工审核。", "The customer is new to the bank: a person will look at it."),
    "income": ("近期收入不足以承担月供。", "The instalments are too large for the income of the last months."),
    "reduced": ("根据收入情况调整了金额。", "The amount was adjusted to the income."),
    "grade": ("综合评分处于临界区间，需人工审核。", "The score is close to the limit: a person will look at it."),
    "months_trading": ("经营时间较短。", "The business is young."),
    "months_known": ("与本行往来时间较短。", "The customer has not been with the bank for long."),
    "trend": ("近期流水下降。", "Turnover has been falling."),
    "volatility": ("流水波动较大。", "Turnover goes up and down a lot."),
    "burden": ("现有还款负担较重。", "Instalments of other loans are large for the income."),
    "late_months": ("近一年有逾期记录。", "Payments were late in the last year."),
    "worst_days": ("近一年逾期天数较长。", "A payment was very late in the last year."),
    "enquiries": ("近半年征信查询较多。", "There were many enquiries in the last half-year."),
    "utilisation": ("信用卡额度使用率较高。", "Credit cards are used close to their limits."),
    "related_defaults": ("关联人有违约记录。", "Somebody close to the applicant has defaulted."),
}
#: a feature of the score that has a policy reason's sentence
SENTENCES["score-income"] = ("收入水平较低。", "The income is low.")


def of_feature(feature: str) -> str:
    """The code of a feature that cost points; `income` alone is a reason of affordability."""
    return "score-income" if feature == "income" else feature
