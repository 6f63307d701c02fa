/** wx.getFileSystemManager() and the older file functions on wx, from one table of operations. */
import type { Area, AreaFactory } from '../kit'
import { fail, publish } from '../kit'
import { fileOperations } from './operations'
import { USER_ROOT } from './paths'

/** Synchronous forms: the names of their positional parameters, and the field that they return. */
const SYNC: { [name: string]: { parameters?: string[]; returns?: string } } = {
  access: { parameters: ['path'] },
  appendFile: { parameters: ['filePath', 'data', 'encoding'] },
  copyFile: { parameters: ['srcPath', 'destPath'] },
  mkdir: { parameters: ['dirPath', 'recursive'] },
  readFile: { parameters: ['filePath', 'encoding', 'position', 'length'], returns: 'data' },
  readdir: { parameters: ['dirPath'], returns: 'files' },
  rename: { parameters: ['oldPath', 'newPath'] },
  rmdir: { parameters: ['dirPath', 'recursive'] },
  saveFile: { parameters: ['tempFilePath', 'filePath'], returns: 'savedFilePath' },
  stat: { parameters: ['path', 'recursive'], returns: 'stats' },
  unlink: { parameters: ['filePath'] },
  writeFile: { parameters: ['filePath', 'data', 'encoding'] },
  // these take one object
  open: { returns: 'fd' },
  close: {},
  read: {},
  write: {},
  fstat: { returns: 'stats' },
  ftruncate: {},
  truncate: {},
  readCompressedFile: { returns: 'data' },
}

export const fileSystem: AreaFactory = (rt): Area => {
  const operations = fileOperations(rt)
  const manager: { [name: string]: unknown } = {}

  for (const [name, run] of Object.entries(operations)) manager[name] = publish(rt, name, run)

  for (const [name, { parameters, returns }] of Object.entries(SYNC)) {
    const run = operations[name]!
    manager[`${name}Sync`] = (...args: any[]) => {
      const options = parameters
        ? Object.fromEntries(parameters.map((key, index) => [key, args[index]]))
        : (args[0] ?? {})
      try {
        const result = run(options)
        return returns ? result[returns] : result
      } catch (error: any) {
        const errMsg = `${name}Sync:fail ${error.reason ?? error.message}`
        throw Object.assign(new Error(errMsg), { errMsg, errno: error.errno, errCode: error.errno })
      }
    }
  }

  return {
    async: {
      saveFile: operations.saveFile!,
      getFileInfo: operations.getFileInfo!,
      getSavedFileList: operations.getSavedFileList!,
      removeSavedFile: operations.removeSavedFile!,
      getSavedFileInfo: ({ filePath }) => {
        const found = operations.getSavedFileList!({}).fileList.find((one: any) => one.filePath === filePath)
        if (!found) throw fail(`no such file or directory, open "${filePath}"`, 1300002)
        return { size: found.size, createTime: found.createTime }
      },
    },
    sync: {
      getFileSystemManager: () => manager,
      env: { USER_DATA_PATH: USER_ROOT },
    },
    partial: {
      'FileSystemManager.readCompressedFile': 'browsers do not decompress Brotli for scripts',
    },
  }
}
