/**
 * Shows a PDF that came as base64; another file is handed to whom the person wants, or saved.
 * @param {{ name: string, content: string }} file
 * @param {string} [type] its ending
 */
async function show({ name, content }, type = 'pdf') {
  const filePath = `${wx.env.USER_DATA_PATH}/${name}`
  wx.getFileSystemManager().writeFileSync(filePath, content, 'base64')
  if (type === 'pdf') await wx.openDocument({ filePath, fileType: 'pdf', showMenu: true })
  else await wx.shareFileMessage({ filePath, fileName: name })
}

module.exports = { show }
