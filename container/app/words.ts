/** Words of the super app's page. */
const ZH = {
  programs: '程序',
  trials: '体验版',
  empty: '这里还没有程序。发布后会出现在这里。',
  offline: '无法连接服务器，可打开已安装的程序',
  unknown: '找不到这个地址。请检查链接是否完整。',
  update: '新版本 {version} 已就绪',
  restart: '重新启动',
  refused: '更新没有安装。{text}',
  close: '知道了',
  closeProgram: '关闭',
  back: '返回',
  reopen: '重新打开',
  again: '重试',
  loading: '正在加载',
  failedTitle: '启动失败',
  failedText: '“{name}”未能显示首页。',
  cannotTitle: '无法打开',
  cannotText: '“{name}”现在无法在这台设备上运行。',
  unreachable: '无法连接“{name}”的地址，请检查网络后重试。',
  noStorage: '此浏览器不为其他站点的框架提供存储（例如无痕窗口），“{name}”无法在此地址运行。',
  noAddress: '服务器没有为 H5 程序配置地址（h5_url）。',
  webHidden: '{count} 个 H5 程序无法在这里打开：服务器没有为它们配置地址（h5_url）。',
}
const EN: { readonly [key in keyof typeof ZH]: string } = {
  programs: 'Programs',
  trials: 'Trial versions',
  empty: 'There are no programs yet. They appear here when they are released.',
  offline: 'The server cannot be reached. Installed programs can be opened.',
  unknown: 'There is nothing at this address. Check that the link is complete.',
  update: 'Version {version} is ready',
  restart: 'Restart',
  refused: 'An update was not installed. {text}',
  close: 'Got it',
  closeProgram: 'Close',
  back: 'Back',
  reopen: 'Open anew',
  again: 'Try again',
  loading: 'Loading',
  failedTitle: 'Did not start',
  failedText: '“{name}” did not show its first page.',
  cannotTitle: 'Cannot be opened',
  cannotText: '“{name}” cannot be run on this device now.',
  unreachable: 'The address of “{name}” cannot be reached. Check the network and try again.',
  noStorage: 'This browser gives frames of other sites no storage (private windows do so), which “{name}” needs.',
  noAddress: 'The server has no address for H5 programs (h5_url).',
  webHidden: 'H5 programs that cannot be opened here: {count}. The server has no address for them (h5_url).',
}

export type Say = (key: keyof typeof ZH, values?: { [name: string]: string }) => string

export function words(language: string): { locale: 'zh_CN' | 'en'; say: Say } {
  const chinese = language.toLowerCase().startsWith('zh')
  const table = chinese ? ZH : EN
  return {
    locale: chinese ? 'zh_CN' : 'en',
    say: (key, values = {}) => table[key].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? ''),
  }
}
