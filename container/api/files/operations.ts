/** What FileSystemManager does, each operation once, in synchronous form where it can be. */
import type { Runtime } from '../../runtime/context'
import { fail, requireParameter } from '../kit'
import { Descriptors } from './descriptors'
import { md5, sha1 } from './digest'
import { decode, encode, toBuffer } from './encoding'
import { denied, isDirectory, noSuchFile, notDirectory, outOfRange } from './errors'
import { extensionOf, isSavedPath, isUserPath, KEPT_PREFIX, normalise, USER_ROOT } from './paths'
import { stats } from './stats'
import { userFiles } from './user-files'
import { zipEntries } from './zip'

type Operation = (options: any) => any

/** The part of a file that `position` and `length` name. */
export function slice(bytes: Uint8Array, position?: number, length?: number): Uint8Array {
  if (position !== undefined && (position < 0 || (position > 0 && position >= bytes.length)))
    throw outOfRange('position')
  const start = position ?? 0
  if (length !== undefined && (length < 1 || start + length > bytes.length)) throw outOfRange('length')
  return bytes.subarray(start, length === undefined ? undefined : start + length)
}

export function fileOperations(rt: Runtime): { [name: string]: Operation } {
  const files = userFiles(rt)

  const bytesOf = (path: string, detail: string): Uint8Array => {
    if (files.get(normalise(path))?.data === undefined && files.get(normalise(path))) throw isDirectory(detail)
    const bytes = rt.files.read(path)
    if (!bytes) throw noSuchFile(detail)
    return bytes
  }

  const write = (path: string, data: Uint8Array) => files.write(path, data)

  const statOf = (path: string): WechatMiniprogram.Stats => {
    const entry = files.get(normalise(path))
    if (entry) return stats(entry.data?.length ?? 0, entry.modified, !entry.data)
    return stats(bytesOf(path, `stat "${path}"`).length, 0, false)
  }

  const operations: { [name: string]: Operation } = {
    access({ path }) {
      requireParameter({ path }, 'path', 'String')
      if (!files.get(normalise(path)) && !rt.files.read(path)) throw noSuchFile(`access "${path}"`)
    },

    stat({ path, recursive }) {
      requireParameter({ path }, 'path', 'String')
      const target = normalise(path)
      const top = statOf(path)
      if (!recursive || !top.isDirectory()) return { stats: top }
      const below = files.below(target).map((one) => ({ path: one.slice(target.length), stats: statOf(one) }))
      return { stats: [{ path: '/', stats: top }, ...below] }
    },

    readFile({ filePath, encoding, position, length }) {
      requireParameter({ filePath }, 'filePath', 'String')
      const bytes = slice(bytesOf(filePath, `open "${filePath}"`), position, length)
      return { data: encoding ? decode(bytes, encoding) : toBuffer(bytes) }
    },

    writeFile({ filePath, data, encoding }) {
      requireParameter({ filePath }, 'filePath', 'String')
      write(filePath, encode(data, encoding ?? 'utf8'))
    },

    appendFile({ filePath, data, encoding }) {
      requireParameter({ filePath }, 'filePath', 'String')
      const old = bytesOf(filePath, `open "${filePath}"`)
      write(filePath, concat(old, encode(data, encoding ?? 'utf8')))
    },

    copyFile({ srcPath, destPath }) {
      requireParameter({ srcPath }, 'srcPath', 'String')
      requireParameter({ destPath }, 'destPath', 'String')
      write(destPath, bytesOf(srcPath, `copyFile "${srcPath}" -> "${destPath}"`).slice())
    },

    mkdir({ dirPath, recursive }) {
      requireParameter({ dirPath }, 'dirPath', 'String')
      files.mkdir(dirPath, Boolean(recursive))
    },

    rmdir({ dirPath, recursive }) {
      requireParameter({ dirPath }, 'dirPath', 'String')
      files.rmdir(dirPath, Boolean(recursive))
    },

    readdir({ dirPath }) {
      requireParameter({ dirPath }, 'dirPath', 'String')
      const target = normalise(dirPath)
      const entry = files.get(target)
      if (entry?.data) throw notDirectory(`readdir "${dirPath}"`)
      if (!entry) throw noSuchFile(`readdir "${dirPath}"`)
      return { files: files.list(target) }
    },

    rename({ oldPath, newPath }) {
      requireParameter({ oldPath }, 'oldPath', 'String')
      requireParameter({ newPath }, 'newPath', 'String')
      if (normalise(oldPath).startsWith(KEPT_PREFIX) && files.get(normalise(oldPath)))
        return files.rename(oldPath, newPath)
      write(newPath, bytesOf(oldPath, `rename "${oldPath}" -> "${newPath}"`).slice())
      rt.files.remove(oldPath)
    },

    unlink({ filePath }) {
      requireParameter({ filePath }, 'filePath', 'String')
      if (isUserPath(normalise(filePath)) || isSavedPath(filePath)) return files.unlink(filePath)
      if (rt.files.remove(filePath)) return
      throw rt.files.read(filePath) ? denied(`unlink "${filePath}"`) : noSuchFile(`unlink "${filePath}"`)
    },

    truncate({ filePath, length = 0 }) {
      requireParameter({ filePath }, 'filePath', 'String')
      if (!Number.isInteger(length) || length < 0) throw outOfRange('length')
      const resized = new Uint8Array(length)
      resized.set(bytesOf(filePath, `open "${filePath}"`).subarray(0, length))
      write(filePath, resized)
    },

    saveFile({ tempFilePath, filePath }) {
      requireParameter({ tempFilePath }, 'tempFilePath', 'String')
      const bytes = rt.files.read(tempFilePath)
      if (!bytes) throw fail('tempFilePath file not exist', 1301112)
      let savedFilePath: string = filePath
      if (filePath) write(filePath, bytes.slice())
      else savedFilePath = files.save(bytes.slice(), extensionOf(tempFilePath))
      if (files.get(normalise(tempFilePath))) files.unlink(tempFilePath)
      else rt.files.remove(tempFilePath)
      return { savedFilePath }
    },

    getSavedFileList: () => ({ fileList: files.savedFiles() }),

    removeSavedFile({ filePath }) {
      requireParameter({ filePath }, 'filePath', 'String')
      if (!isSavedPath(filePath) && !isUserPath(normalise(filePath))) throw denied(`unlink "${filePath}"`)
      files.unlink(filePath)
    },

    getFileInfo({ filePath, digestAlgorithm = 'md5' }) {
      requireParameter({ filePath }, 'filePath', 'String')
      const bytes = bytesOf(filePath, `open "${filePath}"`)
      if (digestAlgorithm !== 'md5' && digestAlgorithm !== 'sha1') throw fail('invalid digestAlgorithm')
      return { size: bytes.length, digest: digestAlgorithm === 'md5' ? md5(bytes) : sha1(bytes) }
    },

    async unzip({ zipFilePath, targetPath }) {
      requireParameter({ zipFilePath }, 'zipFilePath', 'String')
      requireParameter({ targetPath }, 'targetPath', 'String')
      const target = normalise(targetPath)
      if (!isUserPath(target)) throw denied(`unzip "${targetPath}"`)
      if (target !== USER_ROOT) files.mkdir(target, true)
      for (const entry of zipEntries(bytesOf(zipFilePath, `open "${zipFilePath}"`))) {
        const path = normalise(`${target}/${safeName(entry.path)}`)
        if (path === target) continue
        if (entry.directory) files.mkdir(path, true)
        else {
          files.mkdir(path.slice(0, path.lastIndexOf('/')), true)
          write(path, (await entry.read()).slice())
        }
      }
    },

    async readZipEntry({ filePath, entries, encoding }) {
      requireParameter({ filePath }, 'filePath', 'String')
      const archive = zipEntries(bytesOf(filePath, `open "${filePath}"`)).filter((entry) => !entry.directory)
      const wanted: any[] = entries === 'all' ? archive.map(({ path }) => ({ path, encoding })) : entries ?? []
      const result: { [path: string]: { data?: string | ArrayBuffer; errMsg: string } } = {}
      for (const item of wanted) {
        const found = archive.find((entry) => entry.path === item.path)
        try {
          if (!found) throw noSuchFile(`open "${item.path}"`)
          const bytes = slice(await found.read(), item.position, item.length)
          result[item.path] = {
            data: item.encoding ? decode(bytes, item.encoding) : toBuffer(bytes),
            errMsg: 'readZipEntry:ok',
          }
        } catch (error: any) {
          result[item.path] = { errMsg: `readZipEntry:fail ${error.reason}` }
        }
      }
      return { entries: result }
    },

    readCompressedFile({ filePath }) {
      requireParameter({ filePath }, 'filePath', 'String')
      bytesOf(filePath, `open "${filePath}"`)
      throw fail('brotli decompress fail', 1301111)
    },
  }

  const descriptors = new Descriptors(files, bytesOf)
  for (const name of ['open', 'close', 'read', 'write', 'fstat', 'ftruncate'] as const) {
    operations[name] = (options) => descriptors[name](options)
  }
  return operations
}

/** An entry's path without the parts that would leave the target folder. */
const safeName = (path: string): string => path.split(/[/\\]/).filter((part) => part !== '..' && part !== '.').join('/')

export function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length)
  joined.set(first)
  joined.set(second, first.length)
  return joined
}
