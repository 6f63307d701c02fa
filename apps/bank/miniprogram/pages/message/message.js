const api = require('../../utils/api')
const page = require('../../utils/page')

Page({
  behaviors: [page],
  data: { message: {} },
  onLoad({ id }) {
    this.messageId = id
    this.title('messages')
    this.refresh()
  },
  async load() {
    const message = await api.call('message.box.get', { id: this.messageId })
    this.setData({ message })
    const { unread } = await api.call('message.box.read', { id: this.messageId })
    getApp().setUnread(unread)
  },
})
