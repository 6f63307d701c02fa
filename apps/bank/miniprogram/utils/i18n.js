const language = /^en/i.test((wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync()).language || '') ? 'en' : 'zh'

const texts = {
  zh: {
    bank: '伊甸银行', offline: '网络不可用，请检查后重试', failed: '操作失败，请稍后重试', unexpected: '程序出现意外',
    retry: '重试', empty: '暂无内容', loading: '加载中', hello: '您好，', total: '总资产（元）', show: '显示金额', hide: '隐藏金额',
    accounts: '我的账户', recent: '最近交易', all: '全部', income: '收入', spending: '支出', transfer: '转账', scan: '扫码贷款',
    bills: '收支明细', messages: '消息', loanTitle: '小店贷 年利率 4.80% 起', loanText: '扫描店内申请码，最快 1 分钟完成申请',
    signIn: '登录', phone: '手机号', phoneHint: '请输入 11 位手机号', password: '密码', passwordHint: '至少 6 位', passwordTitle: '请输入登录密码', noKeyboard: '安全键盘暂不可用，请稍后再试',
    becomeCustomer: '开户', fullName: '姓名', newPassword: '新登录密码', oldPassword: '当前密码', again: '再次输入', pin: '支付密码', pinHint: '6 位数字', newPin: '新支付密码', allFields: '请填写全部内容',
    changePassword: '修改登录密码', changePin: '修改支付密码', passwordChanged: '密码已修改', pinChanged: '支付密码已修改', save: '保存',
    agree: '我已阅读并同意《用户协议》与《隐私政策》', mustAgree: '请先阅读并同意协议', slogan: '每一分钱，都有来处',
    payee: '收款人', choosePayee: '选择收款人', from: '付款账户', amount: '转账金额', remark: '附言', remarkHint: '选填，30 字以内',
    max: '单日限额', confirmTransfer: '确认转账', to: '转给', next: '下一步', done: '完成', transferred: '转账成功', sent: '转账已提交', search: '搜索', searchHint: '搜索交易对方或附言', status: '状态',
    overLimit: '超过单日限额', overBalance: '余额不足', balance: '余额', detail: '交易详情', time: '时间', account: '账户',
    kind: '类型', after: '交易后余额', number: '编号', deleted: '已删除', remove: '删除', unread: '未读', noMore: '没有更多了',
    confirmShort: '确定', cancel: '取消', settings: '设置', permissions: '权限管理', language: '语言', languageValue: '跟随系统（中文）', theme: '外观', themeValue: '跟随系统',
    privacy: '隐私政策', privacyText: '演示程序：客户与交易均为虚构，数据只在本机，演示结束即清除。', about: '关于', aboutText: '伊甸银行演示小程序 1.0.0',
    signOut: '退出登录', signOutAsk: '确定退出当前账户？', entry: '贷款申请', entryTitle: '扫描申请码', entryText: '扫描店内或宣传单上的申请码，也可以手动输入。',
    code: '申请码', codeHint: '例如 EDEN-SHOP-2026', useCamera: '扫一扫', plan: '金额与期限', loanAmount: '借款金额', term: '还款期数', months: '期',
    monthly: '每月还款', interest: '总利息', rate: '年利率', principal: '本金', interestPart: '利息', schedule: '还款计划', month: '第', document: '证件照片',
    documentTitle: '拍摄身份证人像面', documentText: '请将证件放平，四角完整，文字清晰。照片只用于本次申请。', take: '拍摄', retake: '重新拍摄',
    confirm: '确认申请', contract: '我已阅读并同意《个人借款合同》', bureau: '我同意贷款人查询并使用我的征信信息', submit: '提交申请', application: '贷款申请', state: '状态', offered: '批准金额', apr: '综合年化利率', sign: '签署合同并放款', paid: '放款成功', backHome: '返回首页',
    claim: '小店保险理赔', damage: '损失类型', damages: ['玻璃破碎', '水渍', '货品损坏'], claimAmount: '损失金额', claimText: '拍下受损处。2,000 元以内的小额理赔即时到账。', fileClaim: '提交理赔', claim_paid: '理赔已到账', claim_referred: '理赔审核中', claim_refused: '不在保障范围内',
    loans: '我的贷款', noLoans: '暂无贷款', owed: '剩余本金', payoff: '今日结清', nextDue: '下期应还', startDay: '放款日期', repay: '还款', repayAmount: '还款金额', repayAll: '全部结清', repaid: '还款成功', contractHash: '合同指纹（SHA-256）', open: '查看', product: '产品', photo: '证件照片', photoReady: '已拍摄',
    thirdParties: '第三方授权', noThirdParties: '您还没有向任何第三方授权。', withdraw: '撤销授权', withdrawAsk: '撤销后，对方不能再查看您的账户或发起付款。', withdrawn: '已撤销', until: '有效期至', whenWithdrawn: '撤销为止', decided: '办理时间',
    allowedStates: { allowed: '已授权', refused: '未授权', paid: '已付款', ended: '已撤销', expired: '已过期' },
    kinds: { shopping: '购物', transport: '出行', food: '餐饮', home: '居家', health: '医疗', leisure: '娱乐', income: '入账', transfer: '转账', own: '本人转账', reversal: '冲正', loan: '贷款', claim: '理赔', interest: '利息' },
    states: { posted: '已完成', pending: '处理中', returned: '已退回', received: '审核中', referred: '人工审核中', offered: '已批准', refused: '未通过', signed: '放款中', paid: '已放款', active: '还款中', closed: '已结清', due: '待还款', open: '未到期' },
  },
  en: {
    bank: 'Eden Bank', offline: 'No network. Check it and try again.', failed: 'That did not work. Please try again.', unexpected: 'Something unexpected happened',
    retry: 'Try again', empty: 'Nothing here yet', loading: 'Loading', hello: 'Hello, ', total: 'Total assets (CNY)', show: 'Show amounts', hide: 'Hide amounts',
    accounts: 'Accounts', recent: 'Recent', all: 'All', income: 'In', spending: 'Out', transfer: 'Transfer', scan: 'Scan for a loan',
    bills: 'Statement', messages: 'Messages', loanTitle: 'Shop loan from 4.80 % a year', loanText: 'Scan the code in the shop, apply in a minute',
    signIn: 'Sign in', phone: 'Phone', phoneHint: '11 digits', password: 'Password', passwordHint: 'At least 6 characters', passwordTitle: 'Enter your password', noKeyboard: 'The secure keyboard is not available. Please try again.',
    becomeCustomer: 'Become a customer', fullName: 'Name', newPassword: 'New password', oldPassword: 'Password now', again: 'Once more', pin: 'Payment PIN', pinHint: '6 digits', newPin: 'New payment PIN', allFields: 'Fill in everything, please',
    changePassword: 'Change password', changePin: 'Change payment PIN', passwordChanged: 'Password changed', pinChanged: 'PIN changed', save: 'Save',
    agree: 'I have read and accept the terms and the privacy policy', mustAgree: 'Please accept the terms first', slogan: 'Every cent accounted for',
    payee: 'Payee', choosePayee: 'Choose a payee', from: 'From', amount: 'Amount', remark: 'Note', remarkHint: 'Optional, up to 30 characters',
    max: 'Daily limit', confirmTransfer: 'Confirm transfer', to: 'To', next: 'Next', done: 'Done', transferred: 'Transferred', sent: 'On its way', search: 'Search', searchHint: 'Search names and notes', status: 'Status',
    overLimit: 'Above the daily limit', overBalance: 'Not enough money', balance: 'Balance', detail: 'Transaction', time: 'Time', account: 'Account',
    kind: 'Kind', after: 'Balance after', number: 'Number', deleted: 'Deleted', remove: 'Delete', unread: 'unread', noMore: 'That is all',
    confirmShort: 'OK', cancel: 'Cancel', settings: 'Settings', permissions: 'Permissions', language: 'Language', languageValue: 'System (English)', theme: 'Appearance', themeValue: 'System',
    privacy: 'Privacy', privacyText: 'A demo: customers and transactions are made up. They are on this machine only and gone when the demo ends.', about: 'About', aboutText: 'Eden Bank demo 1.0.0',
    signOut: 'Sign out', signOutAsk: 'Sign out of this account?', entry: 'Loan', entryTitle: 'Scan the entry code', entryText: 'Scan the code in the shop or on the leaflet, or type it.',
    code: 'Code', codeHint: 'for example EDEN-SHOP-2026', useCamera: 'Scan', plan: 'Amount and term', loanAmount: 'Amount', term: 'Instalments', months: ' mo.',
    monthly: 'Monthly', interest: 'Interest', rate: 'Yearly rate', principal: 'Principal', interestPart: 'Interest', schedule: 'Repayment plan', month: 'No. ', document: 'Document',
    documentTitle: 'Photograph your identity card', documentText: 'Lay it flat, all four corners in view, text sharp. Used for this application only.', take: 'Take a photo', retake: 'Take again',
    confirm: 'Confirm', contract: 'I have read and accept the loan contract', bureau: 'The lender may look up and use my credit record', submit: 'Submit', application: 'Application', state: 'State', offered: 'Approved amount', apr: 'Effective yearly rate', sign: 'Sign and receive the money', paid: 'The money is in your account', backHome: 'Home',
    claim: 'Insurance claim', damage: 'Damage', damages: ['Broken glass', 'Water', 'Spoilt goods'], claimAmount: 'Loss', claimText: 'Photograph the damage. Small claims up to 2,000 CNY are paid at once.', fileClaim: 'File the claim', claim_paid: 'Your claim is paid', claim_referred: 'A person looks at it', claim_refused: 'It is not covered',
    loans: 'My loans', noLoans: 'No loans', owed: 'Principal left', payoff: 'Ends it today', nextDue: 'Due next', startDay: 'Paid out on', repay: 'Repay', repayAmount: 'Amount', repayAll: 'Repay all', repaid: 'Repaid', contractHash: 'Contract (SHA-256)', open: 'Open', product: 'Product', photo: 'Document', photoReady: 'Taken',
    thirdParties: 'Third parties', noThirdParties: 'You have not allowed any third party anything.', withdraw: 'Withdraw', withdrawAsk: 'They can no longer see your accounts or have a payment made.', withdrawn: 'Withdrawn', until: 'Until', whenWithdrawn: 'you withdraw it', decided: 'Decided',
    allowedStates: { allowed: 'Allowed', refused: 'Refused', paid: 'Paid', ended: 'Withdrawn', expired: 'Expired' },
    kinds: { shopping: 'Shopping', transport: 'Transport', food: 'Food', home: 'Home', health: 'Health', leisure: 'Leisure', income: 'Income', transfer: 'Transfer', own: 'Own accounts', reversal: 'Reversal', loan: 'Loan', claim: 'Claim', interest: 'Interest' },
    states: { posted: 'Done', pending: 'On its way', returned: 'Returned', received: 'Being looked at', referred: 'A person looks at it', offered: 'Approved', refused: 'Not approved', signed: 'Being paid out', paid: 'Paid', active: 'Being repaid', closed: 'Repaid', due: 'Due', open: 'Not due' },
  },
}

const table = texts[language]
const t = (key) => table[key] || key

/** Pages put these into their data: `{{t.signIn}}`. */
const pick = (...keys) => Object.fromEntries(keys.map((key) => [key, t(key)]))

module.exports = { language, t, pick, table }
