/** Opening office documents, and saving files on a computer. */
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { extensionOf, fileName } from '../files/paths'
import { wxArea } from '../typed'
import { localBlob } from './source'

const DOCUMENTS = new Set(['doc', 'docx', 'xls', 'xlsx', 'ppt', 'pptx', 'pdf'])

export const documents: AreaFactory = (rt) => wxArea({
  async: {
    async openDocument(options) {
      requireParameter(options, 'filePath', 'String')
      const { filePath, fileType, showMenu = false } = options
      const type = (fileType ?? extensionOf(filePath)).toLowerCase()
      if (!DOCUMENTS.has(type)) throw fail('filetype not supported')
      await rt.call('openDocument', { data: localBlob(rt, filePath), name: fileName(filePath), type, showMenu })
    },

    async saveFileToDisk(options) {
      requireParameter(options, 'filePath', 'String')
      await rt.call('saveFileToDisk', { data: localBlob(rt, options.filePath), name: fileName(options.filePath) })
    },
  },
  partial: { openDocument: 'PDF is shown; other documents are handed to the device as a download' },
})
