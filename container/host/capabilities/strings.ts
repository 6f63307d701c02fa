/** What the person reads in questions and panels of capabilities. */
import type { HostCall } from './types'

const zh = {
  camera: '拍照', album: '从手机相册选择', chooseFile: '选择文件', noCamera: '无法使用摄像头', shutter: '拍摄',
  login: '登录', loginGets: '你的登录标识', profile: '获取你的昵称和头像', profileItem: '昵称、头像',
  phoneNumber: '获取你的手机号', phoneNumberItem: '手机号', email: '获取你的邮箱', emailItem: '邮箱',
  avatar: '选择头像', call: '呼叫', sms: '发送短信',
  scan: '扫一扫', scanText: '输入码的内容', scanImage: '从相册选择图片', nothingFound: '未发现二维码/条码', confirm: '确定',
  payment: '支付', paymentRehearsal: '演示支付，不会扣款', pay: '确认支付',
  subscribe: '允许发送以下消息', subscribeOk: '允许',
  address: '选择收货地址', newAddress: '新增地址', userName: '收货人', telNumber: '手机号码', provinceName: '省份', cityName: '城市',
  countyName: '区/县', detailInfo: '详细地址', postalCode: '邮政编码',
  invoice: '选择发票抬头', newInvoice: '新增抬头', title: '抬头名称', taxNumber: '税号', companyAddress: '单位地址',
  telephone: '电话号码', bankName: '开户银行', bankAccount: '银行账号',
  contact: '选择联系人', displayName: '姓名', phone: '电话',
  place: '选择位置', placeName: '名称', placeAddress: '地址', latitude: '纬度', longitude: '经度', openMap: '打开地图',
  plate: '车牌号', openLink: '打开链接', share: '分享', copy: '复制', document: '文件', anonymous: '微信用户',
  download: '保存文件', privacy: '隐私保护指引', privacyText: '该程序使用你的个人信息前会逐项征求你的同意，可在设置中撤回。',
  feedback: '意见反馈', feedbackText: '请描述你的意见',
}

type Key = keyof typeof zh

const en: Record<Key, string> = {
  camera: 'Take a photo', album: 'Choose from album', chooseFile: 'Choose a file', noCamera: 'The camera cannot be used', shutter: 'Shoot',
  login: 'Sign in', loginGets: 'Your sign-in identity', profile: 'wants your nickname and picture', profileItem: 'Nickname, picture',
  phoneNumber: 'wants your phone number', phoneNumberItem: 'Phone number', email: 'wants your e-mail address', emailItem: 'E-mail address',
  avatar: 'Choose a picture', call: 'Call', sms: 'Send a message',
  scan: 'Scan', scanText: 'Type the content of the code', scanImage: 'Choose a picture', nothingFound: 'No code found', confirm: 'OK',
  payment: 'Payment', paymentRehearsal: 'A rehearsal: nothing is charged', pay: 'Pay',
  subscribe: 'Allow these messages', subscribeOk: 'Allow',
  address: 'Choose an address', newAddress: 'New address', userName: 'Name', telNumber: 'Phone', provinceName: 'Province', cityName: 'City',
  countyName: 'District', detailInfo: 'Street and number', postalCode: 'Postal code',
  invoice: 'Choose an invoice title', newInvoice: 'New title', title: 'Title', taxNumber: 'Tax number', companyAddress: 'Address',
  telephone: 'Phone', bankName: 'Bank', bankAccount: 'Account',
  contact: 'Choose a contact', displayName: 'Name', phone: 'Phone',
  place: 'Choose a place', placeName: 'Name', placeAddress: 'Address', latitude: 'Latitude', longitude: 'Longitude', openMap: 'Open map',
  plate: 'Licence plate', openLink: 'Open link', share: 'Share', copy: 'Copy', document: 'Document', anonymous: 'WeChat user',
  download: 'Save file', privacy: 'Privacy', privacyText: 'This program asks before it uses personal data; you can withdraw in the settings.',
  feedback: 'Feedback', feedbackText: 'What would you like to tell us?',
}

export const say = (call: Pick<HostCall, 'locale'>, key: Key): string => (call.locale === 'en' ? en : zh)[key]
