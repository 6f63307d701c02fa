const api = require('../../utils/api')
const page = require('../../utils/page')
const { pick, t } = require('../../utils/i18n')

Page({
  behaviors: [page],
  data: { t: pick('remove', 'unread', 'noMessages'), messages: [], moved: '' },

  onLoad() { this.title('messages') },
  onReady() { getApp().nameTabs() },
  onShow() { this.refresh(this.data.state === 'ready') },
  onPullDownRefresh() { this.refresh(true) },

  async load() {
    const { items } = await api.call('message.box.list')
    this.setData({ messages: items, moved: '' })
    getApp().setUnread(items.filter(({ read }) => !read).length)
  },

  /** A message pushed to the left far enough shows its delete button. */
  slide({ detail, currentTarget }) {
    if (detail.source !== 'touch') return
    const { id } = currentTarget.dataset
    this.setData({ moved: detail.x < -30 ? id : this.data.moved === id ? '' : this.data.moved })
  },

  open({ currentTarget }) {
    const { id } = currentTarget.dataset
    if (this.data.moved === id) return this.setData({ moved: '' })
    wx.navigateTo({ url: `/pages/message/message?id=${id}` })
  },

  async remove({ currentTarget }) {
    const { id } = currentTarget.dataset
    try {
      const { unread } = await api.call('message.box.remove', { id })
      this.setData({ messages: this.data.messages.filter((message) => message.id !== id), moved: '' })
      getApp().setUnread(unread)
      wx.showToast({ title: t('deleted'), icon: 'none' })
    } catch (error) {
      wx.showToast({ title: error.message, icon: 'none' })
    }
  },
})
