const markdown = [
  '# 标题', '', '**粗体**、*斜体*、`code` 与[链接](https://example.com/)。', '', '- 一', '- 二', '',
  '| 列一 | 列二 |', '| --- | --- |', '| 甲 | 乙 |', '', '```js', 'const n = 1', '```',
].join('\n')

Page({
  data: {
    value: '',
    markdown,
    plain: { type: 'text', data: '一段文字 <b>' },
    thinking: { title: '思考过程', text: '先想一想，再回答。' },
    attachments: [{ fileType: 'pdf', name: '说明.pdf', url: 'https://example.com/a.pdf', size: 222859, status: 'success' }],
    presets: [{ name: 'send', type: 'icon' }],
    messages: [
      { chatId: '1', role: 'user', name: '我', content: [{ type: 'text', data: '你好' }] },
      { chatId: '2', role: 'assistant', name: '助手', content: [{ type: 'markdown', data: markdown }] },
    ],
  },
  removeAttachment() {
    this.setData({ attachments: [] })
  },
  type({ detail }) {
    this.setData({ value: detail.value })
  },
  send({ detail }) {
    const message = { chatId: String(Date.now()), role: 'user', name: '我', content: [{ type: 'text', data: detail.value }] }
    this.setData({ messages: [...this.data.messages, message], value: '' })
  },
})
