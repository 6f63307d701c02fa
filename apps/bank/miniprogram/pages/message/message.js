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
    const message = await api.get('/message', { id: this.messageId })
    this.setData({ message })
    const { unread } = await api.post('/messages/read', { id: this.messageId })
    getApp().setUnread(unread)
  },
})
