const list = [
  { index: 'A', cities: ['阿坝', '阿拉善', '安康', '安庆', '鞍山', '安顺'] },
  { index: 'B', cities: ['北京', '白银', '保定', '宝鸡', '包头', '北海', '蚌埠'] },
  { index: 'C', cities: ['重庆', '成都', '长沙', '长春', '沧州', '常德', '郴州', '赤峰'] },
]

Page({
  behaviors: [require('../../../utils/gallery')],
  data: { list, letters: list.map(({ index }) => index) },
  select({ detail }) {
    this.setData({ 'values.letter': detail.index })
  },
})
