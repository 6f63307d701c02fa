/**
 * Shows a PDF that came as base64.
 * @param {{ name: string, content: string }} file
 */
async function show({ name, content }) {
  const filePath = `${wx.env.USER_DATA_PATH}/${name}`
  wx.getFileSystemManager().writeFileSync(filePath, content, 'base64')
  await wx.openDocument({ filePath, fileType: 'pdf', showMenu: true })
}

module.exports = { show }
