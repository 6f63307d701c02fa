"""The pages of a loan contract, Chinese and English: who, how much, all costs, the clauses, the plan, the signing.

Pure: the same facts have the same bytes. The letters in use are in the file.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from msgspec import Struct
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from bank import typeface
from bank.centres.products import Loan
from bank.loans.daycount import THIRTY, DayCount
from bank.refusals import yuan
from bank.values import Instalment, Offer

_INK: Final = colors.HexColor("#1b2430")
_FAINT: Final = colors.HexColor("#5c6675")
_LINE: Final = colors.HexColor("#d9dee6")
_GROUND: Final = colors.HexColor("#f3f6fb")
_BRAND: Final = colors.HexColor("#0f5bd7")
_MARGIN: Final = 18 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN
#: what reportlab leaves free inside of margins
_FRAME: Final = 6
_BANK: Final = ("伊甸银行", "Eden Bank")
_PURPOSES: Final = {"business": ("生产经营", "Business"), "consumption": ("个人消费", "Consumption")}
_METHODS: Final = {
    "equal_instalments": ("按月等额本息", "Equal monthly instalments"),
    "equal_principal": ("按月等额本金", "Equal monthly principal"),
    "bullet": ("按月付息，到期还本", "Interest monthly, principal at the end"),
}

_TEXT: Final = ParagraphStyle("text", fontName=typeface.NAME, fontSize=8.5, leading=12, textColor=_INK, wordWrap="CJK")
_ENGLISH: Final = ParagraphStyle("english", parent=_TEXT, fontSize=8, textColor=_FAINT, wordWrap=None)
_RIGHT: Final = ParagraphStyle("right", parent=_TEXT, fontSize=9.5, alignment=2)
_TITLE: Final = ParagraphStyle("title", parent=_TEXT, fontSize=22, leading=28)
_HEADING: Final = ParagraphStyle(
    "heading", parent=_TEXT, fontSize=12, leading=16, textColor=_BRAND, spaceBefore=11, spaceAfter=4
)
_FIGURE: Final = ParagraphStyle("figure", parent=_TEXT, fontSize=15, leading=20)

#: a label or a sentence in Chinese and English
Words = tuple[str, str]


class Facts(Struct, frozen=True, kw_only=True):
    """What a contract says; `document` is the borrower's identity number, masked. `cooling_off`: days, 0 for none.
    `partner` gives `partner_share` (basis points) of it; "" for a loan of the bank alone."""

    number: str
    day: str
    name: str
    document: str
    made_up: bool
    product: Loan
    offer: Offer
    plan: Sequence[Instalment]
    cooling_off: int
    partner: str = ""
    partner_share: int = 0


def pages(facts: Facts) -> bytes:
    """The contract as a PDF."""
    font = typeface.ready()
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=_MARGIN - _FRAME,
        rightMargin=_MARGIN - _FRAME,
        topMargin=24 * mm,
        bottomMargin=19 * mm,
        title=f"个人借款合同 Loan contract {facts.number}",
        author=" ".join(_BANK),
        lang="zh-CN",
        initialFontName=font,
        # no time and no chance in it
        invariant=1,
    )

    def frame(canvas: Canvas, _document: Any) -> None:
        right = A4[0] - _MARGIN
        canvas.setFillColor(_BRAND)
        canvas.rect(0, A4[1] - 3 * mm, A4[0], 3 * mm, stroke=0, fill=1)
        canvas.setFont(font, 11)
        canvas.drawString(_MARGIN, A4[1] - 14 * mm, " ".join(_BANK))
        canvas.setFont(font, 8)
        canvas.setFillColor(_FAINT)
        canvas.drawRightString(right, A4[1] - 14 * mm, f"合同编号 Contract {facts.number}")
        canvas.drawString(_MARGIN, 10 * mm, "个人借款合同 Loan contract")
        canvas.drawRightString(right, 10 * mm, f"第 {canvas.getPageNumber()} 页 Page {canvas.getPageNumber()}")
        canvas.setStrokeColor(_LINE)
        canvas.line(_MARGIN, 14 * mm, right, 14 * mm)

    document.build(list(_story(facts)), onFirstPage=frame, onLaterPages=frame)
    return target.getvalue()


def _story(facts: Facts) -> list[Flowable]:
    story: list[Flowable] = [Paragraph("个人借款合同", _TITLE), Paragraph(f"Loan contract · {facts.day}", _ENGLISH)]
    if facts.made_up:
        story += [Spacer(1, 6), _notice()]
    story += [Spacer(1, 8), _parties(facts), Spacer(1, 8), _figures(facts)]
    for title, body in (
        (("借款", "The loan"), _rows(terms(facts))),
        (("全部费用", "All costs"), _rows(costs(facts))),
        (("条款", "Clauses"), _clauses(facts)),
        (("还款计划", "Repayment plan"), _plan(facts)),
    ):
        # a heading has something below it
        story += [CondPageBreak(40 * mm), _heading(title), body]
    return [*story, KeepTogether([_heading(("签署", "Signing")), _signing(facts)])]


def terms(facts: Facts) -> list[tuple[Words, Words]]:
    """What is lent, and how it is repaid."""
    product, offer = facts.product, facts.offer
    found = [
        (("产品", "Product"), (product.name, product.name_en)),
        (("用途", "Purpose"), _PURPOSES.get(product.purpose, (product.purpose, ""))),
        (("借款金额", "Amount"), (f"¥ {yuan(offer.amount)}", "CNY")),
        (("期限", "Term"), (f"{offer.term} 个月", "months")),
        (("还款方式", "Repayment"), _METHODS[product.method]),
        (("计息规则", "Day count"), _day_count(product.day_count)),
    ]
    if facts.plan:
        found.append((("首期与末期", "First and last due"), (f"{facts.plan[0].due} · {facts.plan[-1].due}", "")))
    return found


def _day_count(convention: DayCount) -> Words:
    if convention is DayCount.THIRTY_360:
        return f"每月按十二分之一年计息（{convention}）", "each month is a twelfth of a year"
    if convention in THIRTY:
        return f"按日计息，每月按 30 天（{convention}）", "by the day, months of 30 days"
    return f"按实际天数计息（{convention}）", "by the actual days"


def costs(facts: Facts) -> list[tuple[Words, Words]]:
    """All that the loan costs, and what it would cost to be late or early."""
    product, offer = facts.product, facts.offer
    share, late = f"{product.prepay_fee_bp / 100:.2f} %", f"¥ {yuan(product.late_fee)}"
    early = ("无", "none")
    if product.prepay_fee_bp and product.prepay_fee_months:
        early = (f"{product.prepay_fee_months} 个月内：{share}", f"within {product.prepay_fee_months} months")
    return [
        (("年利率（单利）", "Yearly rate"), (f"{offer.rate_bp / 100:.2f} %", "")),
        (("利息合计", "Interest in all"), (f"¥ {yuan(offer.interest)}", "CNY")),
        (("手续费等其他费用", "Fees"), ("无", "none")),
        (("还款总额", "To be repaid in all"), (f"¥ {yuan(offer.amount + offer.interest)}", "CNY")),
        (("年化综合成本", "Annual percentage rate (APR)"), (f"{offer.apr_bp / 100:.2f} %", "")),
        (
            ("逾期罚息（另加）", "Overdue, on top"),
            (f"年 {product.penalty_bp / 100:.2f} %", "a year") if product.penalty_bp else ("无", "none"),
        ),
        (
            (f"逾期费（超过 {product.late_days} 日）", f"Late for more than {product.late_days} days")
            if product.late_fee
            else ("逾期费", "Late fee"),
            (f"每期 {late}", "an instalment") if product.late_fee else ("无", "none"),
        ),
        (("提前还款违约金", "Repaying early"), early),
    ]


def clauses(facts: Facts) -> list[Words]:
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
    if facts.partner:
        share = f"{facts.partner_share / 100:.2f}"
        found.append(
            (
                f"本借款由贷款人与{facts.partner}共同出资，后者出资 {share}%；借款人仅与贷款人往来，并向贷款人还款。",
                f"The lender gives this loan together with {facts.partner}, whose share is {share} %; the borrower"
                " deals with the lender only, and repays to it.",
            )
        )
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


def _heading(words: Words) -> Paragraph:
    return Paragraph(_both(words), _HEADING)


def _both(words: Words) -> str:
    """Chinese with the English behind it, fainter."""
    return f'{_safe(words[0])} <font size="8" color="#5c6675">{_safe(words[1])}</font>'


def _safe(text: str) -> str:
    return escape(typeface.writable(text))


def _notice() -> Table:
    words = [
        Paragraph("演示合同：借款人为虚构人物，不产生任何权利义务。", _TEXT),
        Paragraph("A demonstration: the borrower is made up, and nobody owes anybody anything.", _ENGLISH),
    ]
    return _table([[words]], [_WIDTH], [("BACKGROUND", (0, 0), (-1, -1), colors.HexColor("#fff4d6"))], 5)


def _parties(facts: Facts) -> Table:
    cells = [
        [
            Paragraph(_both(label), _TEXT),
            Paragraph(_safe(name), ParagraphStyle("party", parent=_FIGURE, fontSize=12, leading=17)),
            Paragraph(_safe(more), _ENGLISH),
        ]
        for label, name, more in (
            (("贷款人", "Lender"), *_BANK),
            (
                ("借款人", "Borrower"),
                facts.name,
                f"身份证号 Identity number {facts.document}" if facts.document else "",
            ),
        )
    ]
    return _table(
        [cells], [_WIDTH / 2] * 2, [("BOX", (0, 0), (0, 0), 0.6, _LINE), ("BOX", (1, 0), (1, 0), 0.6, _LINE)], 6
    )


def _figures(facts: Facts) -> Table:
    """What a borrower should see first."""
    offer = facts.offer
    cells = [
        [Paragraph(_safe(value), _FIGURE), Paragraph(_safe(label), _TEXT), Paragraph(_safe(english), _ENGLISH)]
        for value, label, english in (
            (f"¥ {yuan(offer.amount)}", "借款金额", "Amount, CNY"),
            (f"¥ {yuan(offer.payment)}", "首期还款", "First instalment, CNY"),
            (f"{offer.apr_bp / 100:.2f} %", "年化综合成本", "APR"),
            (f"{facts.cooling_off} 日", "无理由解除期", "Days to withdraw"),
        )
    ]
    return _table([cells], [_WIDTH / 4] * 4, [("BACKGROUND", (0, 0), (-1, -1), _GROUND)], 7)


def _rows(rows: Sequence[tuple[Words, Words]]) -> Table:
    cells = [[Paragraph(_both(label), _TEXT), Paragraph(_both(value), _RIGHT)] for label, value in rows]
    return _table(cells, [_WIDTH * 0.5] * 2, [("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE)], 2.6, sides=0)


def _clauses(facts: Facts) -> Table:
    cells = [
        [Paragraph(str(number), _ENGLISH), Paragraph(_safe(chinese), _TEXT), Paragraph(_safe(english), _ENGLISH)]
        for number, (chinese, english) in enumerate(clauses(facts), 1)
    ]
    lines = [
        ("LINEBELOW", (0, 0), (-1, -2), 0.4, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (2, 0), (2, -1), 10),
    ]
    return _table(cells, [6 * mm, (_WIDTH - 6 * mm) / 2, (_WIDTH - 6 * mm) / 2], lines, 3, sides=0)


def _plan(facts: Facts) -> Table:
    head = ["期次 No.", "应还日期 Due", "本金 Principal", "利息 Interest", "合计 Total", "剩余本金 Left"]
    left, rows = facts.offer.amount, []
    for row in facts.plan:
        left -= row.principal
        amounts = (row.principal, row.interest, row.principal + row.interest, left)
        rows.append([str(row.number), row.due, *map(yuan, amounts)])
    principal, interest = sum(row.principal for row in facts.plan), sum(row.interest for row in facts.plan)
    total = ["合计 In all", "", yuan(principal), yuan(interest), yuan(principal + interest), ""]
    style = [
        ("FONTSIZE", (0, 0), (-1, -1), 8.5),
        ("TEXTCOLOR", (0, 0), (-1, -1), _INK),
        ("TEXTCOLOR", (0, 0), (-1, 0), _FAINT),
        ("BACKGROUND", (0, 0), (-1, 0), _GROUND),
        ("BACKGROUND", (0, -1), (-1, -1), _GROUND),
        ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        # the sum is not left alone on a page
        ("NOSPLIT", (0, -2), (-1, -1)),
    ]
    widths = [share * _WIDTH for share in (0.12, 0.18, 0.18, 0.16, 0.18, 0.18)]
    return _table([head, *rows, total], widths, style, 2.2, sides=4, repeat=1)


def _signing(facts: Facts) -> Table:
    cells = [
        [
            Paragraph(_both(label), _TEXT),
            Paragraph(_safe(name), ParagraphStyle("signer", parent=_FIGURE, fontSize=12, leading=22)),
            Paragraph(how[0], _TEXT),
            Paragraph(how[1], _ENGLISH),
        ]
        for label, name, how in (
            (
                ("借款人", "Borrower"),
                facts.name,
                (
                    "在线同意本文件的 SHA-256；同意记录见附件 consent.json。",
                    "Agrees online to the SHA-256 of this file; the record is attached as consent.json.",
                ),
            ),
            (
                ("贷款人", "Lender"),
                " ".join(_BANK),
                (
                    "在本文件内加盖电子签名（PAdES）。",
                    "Signs electronically inside this file (PAdES).",
                ),
            ),
        )
    ]
    valid = [
        Paragraph("本合同自借款人同意并由贷款人电子签名后生效；未附签名的文件仅为草稿。", _TEXT),
        Paragraph(
            "It is in force once the borrower has agreed and the lender has signed; a file without a signature is a"
            " draft.",
            _ENGLISH,
        ),
    ]
    lines = [
        ("BOX", (0, 0), (0, 0), 0.6, _LINE),
        ("BOX", (1, 0), (1, 0), 0.6, _LINE),
        ("SPAN", (0, 1), (1, 1)),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return _table([cells, [valid, ""]], [_WIDTH / 2] * 2, lines, 6)


def _table(
    cells: list[list[Any]],
    widths: Sequence[float],
    style: list[tuple[Any, ...]],
    padding: float,
    sides: float = 8,
    repeat: int = 0,
) -> Table:
    table = Table(cells, colWidths=widths, repeatRows=repeat)
    ground = [
        ("FONTNAME", (0, 0), (-1, -1), typeface.NAME),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), padding),
        ("BOTTOMPADDING", (0, 0), (-1, -1), padding),
        ("LEFTPADDING", (0, 0), (-1, -1), sides),
        ("RIGHTPADDING", (0, 0), (-1, -1), sides),
    ]
    table.setStyle(TableStyle([*ground, *style]))
    return table
