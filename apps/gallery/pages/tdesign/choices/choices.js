Page({
  behaviors: [require('../../../utils/gallery')],
  data: {
    cities: [{ label: '北京', value: 'bj' }, { label: '上海', value: 'sh' }, { label: '深圳', value: 'sz' }],
    areas: [
      { label: '北京市', value: 'bj', children: [{ label: '东城区', value: 'dc' }, { label: '海淀区', value: 'hd' }] },
      { label: '上海市', value: 'sh', children: [{ label: '黄浦区', value: 'hp' }, { label: '徐汇区', value: 'xh' }] },
    ],
  },
  choose(event) {
    this.change(event)
    this.hide()
  },
})
