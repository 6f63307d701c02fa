"""The pages of a loan contract: Chinese and English, the terms, the clauses, the plan.

Pure: the same facts have the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from bank.centres.products import Loan
from bank.refusals import yuan
from bank.values import Instalment, Offer

#: one of the fonts that readers of PDF bring along (Adobe-GB1)
_FONT: Final = "STSong-Light"
_FAINT: Final = colors.HexColor("#5c6675")
_LINE: Final = colors.HexColor("#d9dee6")
_PURPOSES: Final = {"business": "生产经营 Business", "consumption": "个人消费 Consumption"}
_METHODS: Final = {
    "equal_instalments": "按月等额本息 Equal monthly instalments",
    "equal_principal": "按月等额本金 Equal monthly principal",
    "bullet": "按月付息，到期还本 Interest monthly, principal at the end",
}


class Facts(Struct, frozen=True, kw_only=True):
    """What a contract says; `document` is the borrower's identity number, masked. `cooling_off`: days, 0 for none."""

    number: str
    day: str
    name: str
    document: str
    made_up: bool
    product: Loan
    offer: Offer
    plan: Sequence[Instalment]
    cooling_off: int


def pages(facts: Facts) -> bytes:
    """The contract as a PDF."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=20 * mm,
        title=f"个人借款合同 Loan contract {facts.number}",
        author="伊甸银行 Eden Bank",
        # no time and no chance in it
        invariant=1,
    )

    def foot(canvas: Canvas, _document: Any) -> None:
        canvas.setFont(_FONT, 8)
        canvas.setFillColor(_FAINT)
        canvas.drawString(20 * mm, 11 * mm, f"伊甸银行 Eden Bank · {facts.number}")
        canvas.drawRightString(A4[0] - 20 * mm, 11 * mm, str(canvas.getPageNumber()))

    document.build(list(_story(facts)), onFirstPage=foot, onLaterPages=foot)
    return target.getvalue()


def _story(facts: Facts) -> list[Flowable]:
    title = ParagraphStyle("title", fontName=_FONT, fontSize=18, leading=24)
    heading = ParagraphStyle("heading", fontName=_FONT, fontSize=12, leading=16, spaceBefore=12, spaceAfter=5)
    text = ParagraphStyle("text", fontName=_FONT, fontSize=9.5, leading=14, wordWrap="CJK")
    english = ParagraphStyle("english", parent=text, textColor=_FAINT, wordWrap=None, spaceAfter=5)
    story: list[Flowable] = [Paragraph("个人借款合同", title), Paragraph(f"Loan contract · {facts.number}", english)]
    if facts.made_up:
        story += [
            Paragraph("演示合同：借款人为虚构人物，不产生任何权利义务。", text),
            Paragraph("A demonstration: the borrower is made up, and nobody owes anybody anything.", english),
        ]
    story += [Spacer(1, 4), _terms(facts, text), Paragraph("条款 Clauses", heading)]
    for number, (chinese, in_english) in enumerate(clauses(facts), 1):
        story += [Paragraph(f"{number}. {chinese}", text), Paragraph(in_english, english)]
    story += [Paragraph("还款计划 Repayment plan", heading), _plan(facts)]
    return story


def clauses(facts: Facts) -> list[tuple[str, str]]:
    """The contract's clauses in Chinese and English."""
    product = facts.product
    fee = ("，不收取违约金", "; no fee")
    if product.prepay_fee_bp and product.prepay_fee_months:
        share, months = f"{product.prepay_fee_bp / 100:.2f}", product.prepay_fee_months
        fee = (
            f"；放款后 {months} 个月内提前归还的，按提前归还本金的 {share}% 收取违约金",
            f"; within {months} months it costs {share} % of what is repaid early",
        )
    found = [
        (
            "借款人按还款计划按月归还本金和利息，款项从放款账户扣收。",
            "The borrower repays principal and interest monthly by the plan, from the account the loan is paid into.",
        ),
        (
            f"借款人可随时提前归还全部或部分本金，利息计至归还之日{fee[0]}。",
            f"All or some of the principal can be repaid early at any time; interest runs until that day{fee[1]}.",
        ),
    ]
    if product.penalty_bp:
        found.append(
            (
                f"逾期部分自逾期之日起按年利率 {product.penalty_bp / 100:.2f}% 加收罚息。",
                f"What is overdue bears {product.penalty_bp / 100:.2f} % a year on top from the day it was due.",
            )
        )
    if product.late_fee:
        found.append(
            (
                f"每期逾期超过 {product.late_days} 日的，收取逾期费 {yuan(product.late_fee)} 元。",
                f"An instalment late for more than {product.late_days} days costs {yuan(product.late_fee)} CNY.",
            )
        )
    if facts.cooling_off:
        found.append(
            (
                f"放款之日起 {facts.cooling_off} 日内，借款人可无理由解除本合同："
                "归还本金和实际用款天数的利息，无其他费用。",
                f"Within {facts.cooling_off} days of the payment the borrower may withdraw without a reason: the"
                " principal and the interest of the days are paid back, and nothing else.",
            )
        )
    found += [
        (
            "借款用途应合法，不得用于购房、股票、债券、期货及股权投资。",
            "The loan is for a lawful purpose, not for homes, shares, bonds, futures or stakes in companies.",
        ),
        (
            "贷款人经借款人授权查询和报送征信信息，并依法使用借款人信息。",
            "The lender asks and informs the credit bureau as the borrower has agreed; data is used as the law allows.",
        ),
        (
            "借款人同意的内容为本文件的 SHA-256；同意记录与贷款人电子签名附于文件内，"
            "文件的 SHA-256 写入贷款人账本的哈希树。",
            "The borrower agrees to this file's SHA-256. The record of that and the lender's signature are in the file,"
            " and the SHA-256 of the signed file is in the hash tree of the lender's ledger.",
        ),
    ]
    return found


def _terms(facts: Facts, style: ParagraphStyle) -> Table:
    product, offer = facts.product, facts.offer
    rows = [
        ("借款人 Borrower", f"{facts.name}　{facts.document}"),
        ("贷款人 Lender", "伊甸银行 Eden Bank"),
        ("产品 Product", f"{product.name} {product.name_en}"),
        ("用途 Purpose", _PURPOSES.get(product.purpose, product.purpose)),
        ("借款金额 Amount", f"¥ {yuan(offer.amount)} CNY"),
        ("年利率 Yearly rate", f"{offer.rate_bp / 100:.2f} %"),
        ("年化综合成本 Effective yearly rate", f"{offer.apr_bp / 100:.2f} %"),
        ("期限 Term", f"{offer.term} 个月 months"),
        ("还款方式 Repayment", _METHODS.get(product.method, product.method)),
        ("每月还款 Monthly", f"¥ {yuan(offer.payment)} CNY"),
        ("利息合计 Interest in all", f"¥ {yuan(offer.interest)} CNY"),
        ("签订日期 Day", facts.day),
    ]
    table = Table(
        [[Paragraph(label, style), Paragraph(value, style)] for label, value in rows], colWidths=[62 * mm, 108 * mm]
    )
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ]
        )
    )
    return table


def _plan(facts: Facts) -> Table:
    head = ["期次 No.", "应还日期 Due", "本金 Principal", "利息 Interest", "合计 Total"]
    rows = [
        [str(row.number), row.due, yuan(row.principal), yuan(row.interest), yuan(row.principal + row.interest)]
        for row in facts.plan
    ]
    table = Table([head, *rows], colWidths=[22 * mm, 38 * mm, 38 * mm, 34 * mm, 38 * mm], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), _FONT, 9),
                ("TEXTCOLOR", (0, 0), (-1, 0), _FAINT),
                ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table
