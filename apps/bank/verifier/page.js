'use strict'
/* The page around verify.js: a receipt is chosen or pasted, and what it proves is said. */

const texts = {
  en: {
    title: 'Check a receipt', lead: 'A receipt proves that an entry stands unchanged in the signed journal of the bank. This page asks nobody anything: keep it, and use it without a network, too.',
    receipt: 'Receipt', file: 'Choose a file', keys: 'Public keys of the bank', keysHint: 'One in each line. Compare them with those that you have from elsewhere: a false page would bring false keys.',
    check: 'Check', valid: 'The receipt is right', invalid: 'Not valid', other: '中文',
    transfer: 'Transfer', amount: 'Amount, in the smallest unit', currency: 'Currency (ISO 4217)', debit: 'From account', credit: 'To account', reference: 'Note', kind: 'What it is', time: 'Time', place: 'Entry', of: 'of', root: 'Root', signed: 'Signed', document: 'Kind and number', body: 'Content',
    done: 'Money moved', pending: 'Money reserved', post: 'Reserved money moved', void: 'Reserved money released', expired: 'Reserved money released: nobody confirmed in time',
    changed: 'Something in it was changed.', format: 'This is no receipt.', head: 'The signature of the bank does not hold.', stranger: 'It was signed with a key that is not among these.', keysWrong: 'These are no keys of a ledger.', browser: 'This browser cannot check Ed25519 signatures. Take a newer one.',
  },
  zh: {
    title: '验证回单', lead: '回单可证明一笔记录原样存在于银行签名的账簿中。本页不联网，可保存后离线使用。',
    receipt: '回单', file: '选择文件', keys: '银行公钥', keysHint: '每行一个。请与您从其他渠道获得的公钥核对：假页面会带来假公钥。',
    check: '验证', valid: '回单有效', invalid: '无效', other: 'English',
    transfer: '交易', amount: '金额（最小货币单位）', currency: '币种（ISO 4217）', debit: '付款账户', credit: '收款账户', reference: '附言', kind: '类型', time: '时间', place: '序号', of: '/', root: '树根', signed: '签名时间', document: '种类与编号', body: '内容',
    done: '已转账', pending: '已冻结待转', post: '冻结资金已转出', void: '冻结资金已退回', expired: '逾期未确认，冻结资金已退回',
    changed: '内容被改动过。', format: '这不是回单。', head: '银行签名不成立。', stranger: '签名所用的密钥不在这些公钥之中。', keysWrong: '这不是账簿的公钥。', browser: '此浏览器不支持 Ed25519 签名，请使用较新的浏览器。',
  },
}
/** Flags of a transfer, by what it is then. */
const KINDS = [[16384, 'expired'], [8, 'void'], [4, 'post'], [2, 'pending']]
const by = (id) => document.getElementById(id)
let language = /^zh/i.test(navigator.language) ? 'zh' : 'en'

function show() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = texts[language][element.dataset.text]
  document.title = texts[language].title
  by('result').replaceChildren()
}

/** Of microseconds, in this machine's zone. */
const timeOf = (at) => new Date(at / 1000).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'long' })

function rows({ entry, head }) {
  const t = texts[language]
  const end = [[t.time, timeOf(entry.at)], [t.place, `${entry.seq} ${t.of} ${head.size}`], [t.root, head.root], [t.signed, timeOf(head.at)]]
  if (!entry.transfer) return [[t.document, `${entry.kind} ${entry.key}`], [t.body, entry.body], ...end]
  const { id, debit, credit, amount = 0, ledger, flags = 0, reference } = entry.transfer
  const kind = (KINDS.find(([flag]) => flags & flag) || [0, 'done'])[1]
  const said = [[t.transfer, id], [t.kind, t[kind]], [t.amount, String(amount)], [t.currency, String(ledger).padStart(3, '0')], [t.debit, debit], [t.credit, credit]]
  return [...said, ...(reference ? [[t.reference, reference]] : []), ...end]
}

function said(title, right, content) {
  const heading = document.createElement('h2')
  heading.textContent = title
  const card = document.createElement('div')
  card.className = right ? 'card' : 'error'
  card.append(heading, content)
  by('result').replaceChildren(card)
  // on a phone it is below what is seen
  card.scrollIntoView({ block: 'nearest' })
}

async function check(event) {
  event.preventDefault()
  const t = texts[language]
  try {
    // what was pasted may have lost its last end of line
    const proven = await verifyReceipt(`${by('receipt').value.trim()}\n`, by('keys').value)
    const list = document.createElement('dl')
    for (const [name, value] of rows(proven)) {
      const [row, term, detail] = ['div', 'dt', 'dd'].map((tag) => document.createElement(tag))
      term.textContent = name
      detail.textContent = value
      row.append(term, detail)
      list.append(row)
    }
    said(t.valid, true, list)
  } catch (error) {
    const code = error instanceof Invalid ? error.message : 'browser'
    said(t.invalid, false, t[code === 'keys' ? 'keysWrong' : code])
  }
}

by('form').addEventListener('submit', check)
by('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh'
  show()
})
by('file').addEventListener('change', async ({ target }) => {
  if (target.files[0]) by('receipt').value = await target.files[0].text()
})
show()
