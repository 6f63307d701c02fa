Page({
  data: {
    query: '',
    chosen: {},
    search: null,
    grids: [{ imgUrl: '/images/landscape.png', url: '/pages/index/index', text: '宫格一' }, { imgUrl: '/images/landscape.png', text: '宫格二' }],
    buttons: [{ text: '普通' }, { text: '删除', type: 'warn' }],
    tabs: [
      { text: '首页', iconPath: '/images/landscape.png', selectedIconPath: '/images/landscape.png', badge: '8' },
      { text: '我的', iconPath: '/images/landscape.png', selectedIconPath: '/images/landscape.png' },
    ],
  },
  onLoad() {
    this.setData({ search: (value) => Promise.resolve([{ text: `结果 ${value}`, value: 1 }]) })
  },
  choose({ detail }) {
    this.setData({ chosen: detail })
  },
})
