Page({
  behaviors: [require('../../../utils/gallery')],
  data: {
    result: '',
    rules: { name: [{ required: true, message: '姓名不能为空' }] },
    files: [{ url: '/images/landscape.png', name: 'landscape.png', type: 'image' }],
  },
  validate() {
    this.selectComponent('#form').submit()
  },
  submit({ detail }) {
    this.setData({ result: detail.validateResult === true ? '通过' : '未通过' })
  },
  add({ detail }) {
    this.setData({ files: [...this.data.files, ...detail.files] })
  },
  remove({ detail }) {
    this.setData({ files: this.data.files.filter((_, index) => index !== detail.index) })
  },
})
