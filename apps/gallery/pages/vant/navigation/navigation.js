Page({
  behaviors: [require('../../../utils/gallery')],
  data: {
    letters: ['A', 'B', 'C'],
    options: [{ text: '全部商品', value: 0 }, { text: '新款商品', value: 1 }],
  },
})
