const api = require('../../utils/api')
const page = require('../../utils/page')
const { pick, t, table } = require('../../utils/i18n')
const application = require('../application')

/** Between looks whether a photo has been read, milliseconds. */
const PATIENCE = 1000

/** The papers that the application needs: a photo of each, what was read of it, and what was hard to read. */
Page({
  behaviors: [page],
  data: {
    t: pick('documentText', 'take', 'retake', 'useSpecimen', 'reading', 'confirmFields', 'sure', 'correctedByYou', 'next', 'photo', 'specimenText'),
    labels: table.fields, titles: table.papers, hints: table.paperHints, states: table.paperStates,
    papers: [], photos: {}, specimens: false, busy: '', problem: '', done: false,
  },

  onLoad({ id = '' }) {
    this.title('document')
    this.said = {}
    if (id) application.set({ id })
    this.refresh()
  },
  onUnload() { clearTimeout(this.timer) },
  onPullDownRefresh() { this.refresh(true) },

  async load() {
    await this.begin()
    this.show(await api.call('credit.paper.list', { id: application.get().id }))
  },

  /** The application is begun when its papers are asked for; the same attempt is the same one. */
  async begin() {
    const { id, code } = application.get()
    if (id) return
    if (!application.get().key) application.set({ key: api.newKey() })
    const begun = await api.call('credit.application.begin', { code }, application.get().key)
    application.set({ id: begun.id })
  },

  show({ items, has_specimens }) {
    this.setData({ papers: items, specimens: has_specimens, done: items.every(({ state }) => state === 'confirmed') })
    clearTimeout(this.timer)
    if (items.some(({ state }) => state === 'reading')) this.timer = setTimeout(() => this.refresh(true), PATIENCE)
  },

  async take({ currentTarget }) {
    const { kind } = currentTarget.dataset
    try {
      const { tempFiles } = await wx.chooseMedia({ count: 1, mediaType: ['image'], sourceType: ['camera', 'album'], sizeType: ['compressed'] })
      const path = tempFiles[0].tempFilePath
      await this.send(kind, wx.getFileSystemManager().readFileSync(path, 'base64'), path)
    } catch (error) {
      if (!/cancel/.test(error.errMsg)) this.setData({ problem: error.message || t('failed') })
    }
  },

  /** A made-up customer has no card to photograph: the bank has drawn one. */
  async specimen({ currentTarget }) {
    const { kind } = currentTarget.dataset
    this.setData({ busy: kind, problem: '' })
    try {
      const { photo } = await api.call('credit.specimen.get', { kind })
      const path = `${wx.env.USER_DATA_PATH}/specimen-${kind}.jpg`
      wx.getFileSystemManager().writeFileSync(path, photo, 'base64')
      await this.send(kind, photo, path)
    } catch (error) {
      this.setData({ problem: error.message || t('failed') })
    } finally {
      this.setData({ busy: '' })
    }
  },

  async send(kind, photo, path) {
    this.setData({ busy: kind, problem: '', [`photos.${kind}`]: path })
    this.said[kind] = {}
    try {
      await api.call('credit.paper.show', { id: application.get().id, kind, photo })
      await this.refresh(true)
    } finally {
      this.setData({ busy: '' })
    }
  },

  type({ currentTarget, detail }) {
    const { kind, name } = currentTarget.dataset
    this.said[kind] = { ...this.said[kind], [name]: detail.value }
  },

  /** The person's word on what was hard to read; what they leave as it is, they agree to. */
  async answer({ currentTarget }) {
    const { kind } = currentTarget.dataset
    const paper = this.data.papers.find((one) => one.kind === kind)
    const values = Object.fromEntries(paper.fields.filter(({ doubt }) => doubt).map(({ name, value }) => [name, value]))
    this.setData({ busy: kind, problem: '' })
    try {
      await api.call('credit.paper.answer', { id: application.get().id, kind, values: { ...values, ...this.said[kind] } })
      await this.refresh(true)
    } catch (error) {
      this.setData({ problem: error.message })
    } finally {
      this.setData({ busy: '' })
    }
  },

  next() { wx.navigateTo({ url: '/loan/confirm/confirm' }) },
})
