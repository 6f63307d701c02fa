Page({
  behaviors: [require('../../../utils/gallery')],
  data: {
    buttons: [{ text: '取消' }, { text: '确定' }],
    groups: [[{ text: '选项一', value: 1 }], [{ text: '警示', type: 'warn', value: 2 }]],
    images: ['/images/landscape.png'],
  },
})
