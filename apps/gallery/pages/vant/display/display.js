Page({
  behaviors: [require('../../../utils/gallery')],
  data: {
    steps: [{ text: '步骤一', desc: '说明' }, { text: '步骤二', desc: '说明' }, { text: '步骤三', desc: '说明' }],
    items: [
      { text: '浙江', children: [{ text: '杭州', id: 1 }, { text: '宁波', id: 2 }] },
      { text: '江苏', children: [{ text: '南京', id: 3 }, { text: '苏州', id: 4, disabled: true }] },
    ],
  },
  turn({ detail }) {
    this.setData({ 'values.main': detail.index })
  },
})
