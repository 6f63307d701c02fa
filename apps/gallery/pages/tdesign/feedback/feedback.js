import Dialog from 'tdesign-miniprogram/dialog/index'
import Message from 'tdesign-miniprogram/message/index'
import Toast from 'tdesign-miniprogram/toast/index'

Page({
  behaviors: [require('../../../utils/gallery')],
  data: {
    step: -1,
    steps: [],
    refreshing: false,
    actions: [{ text: '删除', style: 'background-color: #e34d59; color: #ffffff; padding: 0 32rpx' }],
    items: [{ label: '选项一' }, { label: '选项二', color: '#e34d59' }, { label: '禁用', disabled: true }],
  },
  guide() {
    const element = () =>
      new Promise((resolve) => {
        this.createSelectorQuery().select('.row').boundingClientRect(resolve).exec()
      })
    this.setData({ step: 0, steps: [{ element, title: '引导标题', body: '引导内容', placement: 'bottom' }] })
  },
  leave() {
    this.setData({ step: -1 })
  },
  toast() {
    Toast({ context: this, selector: '#t-toast', message: '轻提示内容', theme: 'success' })
  },
  message() {
    Message.info({ context: this, offset: [20, 32], duration: 3000, content: '一条消息' })
  },
  confirm() {
    Dialog.confirm({ title: '确认一下', content: '要继续吗', confirmBtn: '继续', cancelBtn: '不要' }).then(() => this.message(), () => {})
  },
  refresh() {
    this.setData({ refreshing: true })
    setTimeout(() => this.setData({ refreshing: false }), 500)
  },
})
