import Dialog from '@vant/weapp/dialog/dialog'
import Notify from '@vant/weapp/notify/notify'
import Toast from '@vant/weapp/toast/toast'

Page({
  behaviors: [require('../../../utils/gallery')],
  data: {
    actions: [{ name: '选项一' }, { name: '选项二', subname: '描述' }, { name: '禁用', disabled: true }],
    targets: [{ name: '微信', icon: 'wechat', openType: 'share' }, { name: '复制链接', icon: 'link' }],
  },
  confirm() {
    Dialog.confirm({ title: '确认一下', message: '要继续吗' }).then(() => this.toast(), () => {})
  },
  toast() {
    Toast.success('轻提示内容')
  },
  notify() {
    Notify({ type: 'primary', message: '一条消息', safeAreaInsetTop: true })
  },
})
