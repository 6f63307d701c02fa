"""The loan contract as a PDF: the same contract has the same bytes, whose hash is in the ledger's tree."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from bank.refusals import yuan
from bank.values import Instalment

#: one of the fonts that readers of PDF bring along (Adobe-GB1)
_FONT = "STSong-Light"
_LEFT, _TOP, _LINE, _BOTTOM = 56, 780, 18, 60


def contract(number: str, name: str, product: str, amount: int, rate_bp: int, schedule: Sequence[Instalment]) -> bytes:
    """The contract's bytes; amounts in cents."""
    lines = [
        f"合同编号 {number}",
        f"借款人：{name}        贷款人：伊甸银行",
        f"产品：{product}        借款金额：{yuan(amount)} 元        年利率：{rate_bp / 100:.2f}%",
        "",
        "一、借款人按下列还款计划按月归还本金和利息。",
        "二、借款人可随时提前归还全部或部分本金，利息计至归还之日，不收取违约金。",
        "三、逾期部分自逾期之日起计收罚息。",
        "四、贷款人可为催收和征信之目的依法使用借款人信息。",
        "",
        "期次        应还日期            本金                利息                合计",
        *(
            f"{row.number:>4}        {row.due}        {yuan(row.principal):>12}        {yuan(row.interest):>10}"
            f"        {yuan(row.principal + row.interest):>12}"
            for row in schedule
        ),
    ]
    target = io.BytesIO()
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    # invariant: no time and no chance in it
    canvas = Canvas(target, pagesize=A4, invariant=True)
    canvas.setTitle(f"个人借款合同 {number}")
    canvas.setFont(_FONT, 16)
    canvas.drawString(_LEFT, _TOP, "个人借款合同")
    y = _TOP - 2 * _LINE
    canvas.setFont(_FONT, 10)
    for line in lines:
        if y < _BOTTOM:
            canvas.showPage()
            canvas.setFont(_FONT, 10)
            y = _TOP
        canvas.drawString(_LEFT, y, line)
        y -= _LINE
    canvas.save()
    return target.getvalue()
