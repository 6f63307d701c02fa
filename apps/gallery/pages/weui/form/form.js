Page({
  data: {
    error: '',
    form: {},
    files: [{ url: '/images/landscape.png' }],
    radios: [{ name: '单选一', value: '0' }, { name: '单选二', value: '1', checked: true }],
    rules: [{ name: 'name', rules: { required: true, message: '姓名必填' } }],
    select: null,
    upload: null,
  },
  onLoad() {
    this.setData({
      select: () => true,
      upload: (files) => Promise.resolve({ urls: files.tempFilePaths }),
    })
  },
  radio({ detail }) {
    this.setData({ radios: this.data.radios.map((item) => ({ ...item, checked: item.value === detail.value })) })
  },
  input({ currentTarget, detail }) {
    this.setData({ [`form.${currentTarget.dataset.field}`]: detail.value })
  },
  submit() {
    this.selectComponent('#form').validate((valid, errors) => {
      if (valid) wx.showToast({ title: '校验通过' })
      else this.setData({ error: errors[0].message })
    })
  },
})
