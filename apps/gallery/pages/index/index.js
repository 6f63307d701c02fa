Page({
  data: {
    libraries: [
      { name: 'TDesign', path: 'tdesign', pages: ['base', 'navigation', 'indexes', 'form', 'choices', 'display', 'feedback', 'chat'] },
      { name: 'Vant', path: 'vant', pages: ['base', 'form', 'display', 'navigation', 'feedback'] },
      { name: 'WeUI', path: 'weui', pages: ['base', 'form', 'feedback'] },
    ],
  },
})
