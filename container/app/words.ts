/** Words of the super app's page. */
const ZH = {
  programs: '小程序',
  trials: '体验版',
  empty: '这里还没有小程序。发布后会出现在这里。',
  offline: '无法连接服务器，可打开已安装的小程序',
  unknown: '找不到这个地址。请检查链接是否完整。',
  update: '新版本 {version} 已就绪',
  restart: '重新启动',
  refused: '更新没有安装。{text}',
  close: '知道了',
}
const EN: { readonly [key in keyof typeof ZH]: string } = {
  programs: 'Mini programs',
  trials: 'Trial versions',
  empty: 'There are no mini programs yet. They appear here when they are released.',
  offline: 'The server cannot be reached. Installed mini programs can be opened.',
  unknown: 'There is nothing at this address. Check that the link is complete.',
  update: 'Version {version} is ready',
  restart: 'Restart',
  refused: 'An update was not installed. {text}',
  close: 'Got it',
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
