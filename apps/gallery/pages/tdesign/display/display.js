Page({
  behaviors: [require('../../../utils/gallery')],
  data: {
    images: ['/images/landscape.png', '/images/landscape.png'],
    columns: [{ colKey: 'name', title: '名称' }, { colKey: 'detail.price', title: '价格', align: 'right' }],
    rows: [{ id: 1, name: '苹果', detail: { price: '5.00' } }, { id: 2, name: '香蕉', detail: { price: '3.50' } }],
  },
})
