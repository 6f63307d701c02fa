Page({
  behaviors: [require('../../../utils/gallery')],
  data: {
    files: [{ url: '/images/landscape.png', name: 'landscape', isImage: true }],
    fruits: ['苹果', '香蕉', '橙子'],
    columns: [{ values: ['浙江', '福建'] }, { values: ['杭州', '宁波'], defaultIndex: 1 }],
    areas: {
      province_list: { 110000: '北京市', 120000: '天津市' },
      city_list: { 110100: '北京市', 120100: '天津市' },
      county_list: { 110101: '东城区', 110102: '西城区', 120101: '和平区' },
    },
    cities: [
      { text: '浙江省', value: '330000', children: [{ text: '杭州市', value: '330100' }] },
      { text: '江苏省', value: '320000', children: [{ text: '南京市', value: '320100' }] },
    ],
  },
  turn({ detail }) {
    const cities = { 浙江: ['杭州', '宁波'], 福建: ['福州', '厦门'] }
    detail.picker.setColumnValues(1, cities[detail.value[0]])
  },
  read({ detail }) {
    this.setData({ files: this.data.files.concat(detail.file) })
  },
  remove({ detail }) {
    this.setData({ files: this.data.files.filter((_, index) => index !== detail.index) })
  },
})
