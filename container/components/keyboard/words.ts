/** The keyboard's words. */
const ZH = {
  cancel: '取消',
  done: '完成',
  pin: '请输入 PIN',
  password: '请输入密码',
  asks: '“{program}”请求输入 · 安全键盘',
  count: '已输入 {count} 位',
  countOf: '已输入 {count} 位，共 {length} 位',
  keyboard: '安全键盘。也可以直接用实体键盘输入；按键不会被读出。',
  keys: '逐键操作',
  read: '朗读按键',
  readHint: '按键将被朗读，请使用耳机。',
  place: '第 {row} 行第 {column} 个键',
  delete: '删除',
  shift: '大写',
  page: '切换字符',
  space: '空格',
  refused: '不能输入此字符',
  short: '至少 {shortest} 位',
}

const EN: { [key in keyof typeof ZH]: string } = {
  cancel: 'Cancel',
  done: 'Done',
  pin: 'Enter PIN',
  password: 'Enter password',
  asks: '“{program}” asks · secure keyboard',
  count: '{count} entered',
  countOf: '{count} of {length} entered',
  keyboard: 'Secure keyboard. You may also type on a real keyboard; keys are not read out.',
  keys: 'Key by key',
  read: 'Read keys aloud',
  readHint: 'Keys will be spoken: use earphones.',
  place: 'Row {row}, key {column}',
  delete: 'Delete',
  shift: 'Capitals',
  page: 'Other characters',
  space: 'Space',
  refused: 'This character cannot be used',
  short: 'At least {shortest}',
}

export type Word = keyof typeof ZH
export type Say = (word: Word, values?: { [name: string]: string | number }) => string

export const words = (locale: 'zh_CN' | 'en'): Say => (word, values = {}) =>
  (locale === 'en' ? EN : ZH)[word].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
