Page({
  behaviors: [require('../../../utils/gallery')],
  data: {
    products: [{ value: 'all', label: '全部产品' }, { value: 'new', label: '最新产品' }, { value: 'gone', label: '售罄', disabled: true }],
    segments: [{ value: 'day', label: '日' }, { value: 'week', label: '周' }, { value: 'month', label: '月' }],
    menus: [{ title: '菜单一', icon: 'app' }, { title: '菜单二' }],
  },
})
