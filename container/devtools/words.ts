/** What the simulator says, by the browser's language. */
const WORDS = {
  simulator: ['Simulator', '模拟器'],
  back: ['Back', '返回'],
  address: ['Page and query', '页面与参数'],
  device: ['Device', '设备'],
  rotate: ['Rotate', '旋转'],
  dark: ['Dark appearance', '深色外观'],
  network: ['Network', '网络'],
  online: ['Online', '正常网络'],
  fast: ['4G', '4G'],
  slow: ['Slow 3G', '慢速 3G'],
  offline: ['Offline', '离线'],
  restart: ['Restart', '重新启动'],
  onPhone: ['Open on a phone', '在手机上打开'],
  onPhoneHow: [
    'Scan with a phone on the same network.', '请用同一网络中的手机扫描。',
  ],
  onPhoneOff: [
    'Only this computer can reach the simulator. Start it with --host 0.0.0.0 to open it on a phone on the same network.',
    '当前只有本机可以访问模拟器。请以 --host 0.0.0.0 启动，即可在同一网络的手机上打开。',
  ],
  built: ['Built in {seconds} s', '构建完成 {seconds} 秒'],
  failed: ['{count} errors', '{count} 个错误'],
  failedOne: ['1 error', '1 个错误'],
  lost: ['Server stopped', '服务已停止'],
  console: ['Console', '控制台'],
  pages: ['Pages', '页面'],
  storage: ['Storage', '存储'],
  permissions: ['Permissions', '权限'],
  problems: ['Problems', '问题'],
  tools: ['Developer tools', '开发者工具'],
  width: ['Width of the developer tools', '开发者工具宽度'],
  filter: ['Filter', '过滤'],
  clear: ['Clear', '清空'],
  levels: ['Levels', '级别'],
  error: ['Errors', '错误'],
  warn: ['Warnings', '警告'],
  info: ['Log', '日志'],
  debug: ['Debug', '调试'],
  consoleEmpty: ['What the mini program logs appears here.', '小程序的日志将显示在这里。'],
  unhandled: ['Unhandled rejection', '未处理的 Promise 拒绝'],
  stopped: ['Stopped: {fault}', '已停止：{fault}'],
  started: ['Revision {number} started', '已启动第 {number} 版'],
  restyled: ['Revision {number}: styles replaced', '第 {number} 版：样式已更新'],
  stack: ['Page stack', '页面栈'],
  stackEmpty: ['No page is open.', '没有打开的页面。'],
  allPages: ['All pages', '全部页面'],
  noMatch: ['Nothing matches.', '没有匹配项。'],
  storageEmpty: ['The mini program has stored nothing.', '小程序没有存储数据。'],
  clearStorage: ['Clear and restart', '清空并重新启动'],
  used: ['{size} of 10 MB', '已用 {size}，上限 10 MB'],
  permissionsEmpty: ['The mini program has asked for nothing.', '小程序没有申请权限。'],
  ask: ['Ask', '询问'],
  granted: ['Granted', '允许'],
  refused: ['Refused', '拒绝'],
  buildProblems: ['Build', '构建'],
  unsupported: ['Not supported by Eden, but used', '已使用但尚未支持'],
  problemsEmpty: ['No problems.', '没有问题。'],
  hasErrors: ['The build has errors', '构建有错误'],
  keepsRunning: ['The version before keeps running.', '之前的版本继续运行。'],
  restRuns: ['Everything else runs.', '其余部分正常运行。'],
  startsThen: ['It starts as soon as the errors are gone.', '错误修正后会自动启动。'],
  more: ['and {count} more', '还有 {count} 个'],
  dismiss: ['Dismiss', '关闭'],
} as const

export type Word = keyof typeof WORDS
export type Say = (word: Word, values?: { [name: string]: string | number }) => string

export const locale = (language: string): 'zh_CN' | 'en' => (language.toLowerCase().startsWith('zh') ? 'zh_CN' : 'en')

/** A function from word to text; `{name}` in a text is replaced by values.name. */
export const speaker = (language: string): Say => {
  const column = locale(language) === 'en' ? 0 : 1
  return (word, values = {}) => WORDS[word][column].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}
