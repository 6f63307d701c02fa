/** Words of the phone itself, in the two languages it speaks. */
export type Locale = 'zh_CN' | 'en'

const ZH = {
  about: '关于', settings: '设置', share: '转发给朋友', restart: '重新进入小程序', close: '关闭', home: '返回首页', cancel: '取消',
  confirm: '确定', allow: '允许', refuse: '拒绝', menu: '菜单', retry: '重试', loading: '正在加载', version: '版本', appId: 'AppID',
  size: '大小', permissions: '权限', noPermissions: '此小程序未使用任何授权信息', asks: '申请', login: '登录', program: '小程序',
  reason: '用途', details: '详细信息', desk: '最近使用', noDesk: '没有打开的小程序',
  hungTitle: '小程序没有响应', hungText: '“{name}”长时间没有响应，已被停止。',
  floodTitle: '小程序已被停止', floodText: '“{name}”发送的消息过多，已被停止以保护手机。',
  messagesTitle: '小程序已被停止', messagesText: '“{name}”发送了无法识别的消息，已被停止。',
  leftTitle: '小程序已被停止', leftText: '“{name}”试图离开小程序页面，已被停止。',
  startTitle: '小程序启动失败', startText: '“{name}”在显示首页之前出错。',
  downloadTitle: '下载失败', downloadText: '请检查网络后重试。', manifestTitle: '无法打开小程序', manifestText: '该小程序的清单无效。',
  versionTitle: '版本过低', versionText: '该小程序需要更新版本的容器。', hashTitle: '校验失败', hashText: '文件与清单不一致，已拒绝运行。',
  archiveTitle: '无法打开小程序', archiveText: '程序包已损坏。',
  statusBar: '状态栏', battery: '电量', network: '网络', offline: '无网络',
  'scope.userInfo': '你的昵称、头像', 'scope.userLocation': '你的位置信息', 'scope.userLocationBackground': '后台使用你的位置信息',
  'scope.userFuzzyLocation': '你的模糊位置信息', 'scope.record': '使用你的麦克风', 'scope.camera': '使用你的摄像头', 'scope.bluetooth': '使用你的蓝牙',
  'scope.writePhotosAlbum': '保存图片或视频到你的相册', 'scope.addPhoneContact': '添加到你的联系人', 'scope.addPhoneCalendar': '添加到你的日历',
  'scope.werun': '你的微信运动步数', 'scope.address': '你的通讯地址', 'scope.invoiceTitle': '你的发票抬头', 'scope.invoice': '你的发票',
  'scope.login': '登录', 'scope.clipboard': '读取你的剪贴板',
}

const EN: { readonly [key in keyof typeof ZH]: string } = {
  about: 'About', settings: 'Settings', share: 'Share', restart: 'Restart', close: 'Close', home: 'Back to first page', cancel: 'Cancel',
  confirm: 'OK', allow: 'Allow', refuse: 'Refuse', menu: 'Menu', retry: 'Try again', loading: 'Loading', version: 'Version', appId: 'App id',
  size: 'Size', permissions: 'Permissions', noPermissions: 'This mini program has asked for nothing yet', asks: 'asks for', login: 'Sign in', program: 'Mini program',
  reason: 'Purpose', details: 'Details', desk: 'Recently used', noDesk: 'No mini program is open',
  hungTitle: 'Not responding', hungText: '“{name}” did not respond for a long time and was stopped.',
  floodTitle: 'Stopped', floodText: '“{name}” sent too many messages and was stopped to protect the phone.',
  messagesTitle: 'Stopped', messagesText: '“{name}” sent messages that cannot be understood and was stopped.',
  leftTitle: 'Stopped', leftText: '“{name}” tried to go to another page and was stopped.',
  startTitle: 'Did not start', startText: '“{name}” failed before its first page was shown.',
  downloadTitle: 'Download failed', downloadText: 'Check the network and try again.', manifestTitle: 'Cannot be opened', manifestText: 'The manifest of this mini program is not valid.',
  versionTitle: 'Too old', versionText: 'This mini program needs a newer container.', hashTitle: 'Verification failed', hashText: 'A file is not what the manifest names. It was not run.',
  archiveTitle: 'Cannot be opened', archiveText: 'The package is damaged.',
  statusBar: 'Status bar', battery: 'Battery', network: 'Network', offline: 'Offline',
  'scope.userInfo': 'Your nickname and picture', 'scope.userLocation': 'Your location', 'scope.userLocationBackground': 'Your location, also in the background',
  'scope.userFuzzyLocation': 'Your approximate location', 'scope.record': 'Your microphone', 'scope.camera': 'Your camera', 'scope.bluetooth': 'Bluetooth',
  'scope.writePhotosAlbum': 'Saving pictures and videos to your album', 'scope.addPhoneContact': 'Adding to your contacts', 'scope.addPhoneCalendar': 'Adding to your calendar',
  'scope.werun': 'Your steps', 'scope.address': 'Your postal address', 'scope.invoiceTitle': 'Your invoice titles', 'scope.invoice': 'Your invoices',
  'scope.login': 'Sign in', 'scope.clipboard': 'Reading your clipboard',
}

export type Words = (key: keyof typeof ZH, values?: { [name: string]: string }) => string

export function words(locale: Locale): Words {
  const table = locale === 'en' ? EN : ZH
  return (key, values = {}) => table[key].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
}

/** What a scope gives, in the person's words; a scope without words is named as it is. */
export const scopeTitle = (say: Words, scope: string): string => (Object.hasOwn(ZH, scope) ? say(scope as keyof typeof ZH) : scope)
