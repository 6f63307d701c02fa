import { describe, expect, it } from 'vitest'
import { fakeRuntime, outcome } from '../testing/fake-runtime'
import { fileSystem } from './file-system'
import { USER_FILES_LIMIT } from './user-files'

const ROOT = 'wxfile://usr'
const text = (value: string) => new TextEncoder().encode(value)

function create(boot: object = {}) {
  const fake = fakeRuntime(
    [fileSystem],
    { fileWrite: () => ({}) },
    { packageFiles: { 'data/x.json': '{"a":1}' }, boot },
  )
  return { ...fake, fs: fake.wx.getFileSystemManager() }
}

describe('files', () => {
  it('are written, read, appended, cut and removed', async () => {
    const { fs, wx } = create()
    expect(wx.env.USER_DATA_PATH).toBe(ROOT)
    const filePath = `${ROOT}/a.txt`
    expect(await fs.writeFile({ filePath, data: '中文', encoding: 'utf8' })).toEqual({ errMsg: 'writeFile:ok' })
    fs.appendFileSync(filePath, '!', 'utf8')
    expect(fs.readFileSync(filePath, 'utf8')).toBe('中文!')
    expect((await fs.readFile({ filePath })).data).toBeInstanceOf(ArrayBuffer)
    expect(fs.readFileSync(filePath, 'utf8', 3, 3)).toBe('文')
    expect(fs.readFileSync(filePath, 'base64')).toBe('5Lit5paHIQ==')
    await fs.truncate({ filePath, length: 3 })
    expect(fs.readFileSync(filePath, 'utf-8')).toBe('中')
    fs.unlinkSync(filePath)
    expect(await outcome(fs.access({ path: filePath }))).toEqual({
      errMsg: `access:fail no such file or directory, access "${filePath}"`, errno: 1300002,
    })
  })

  it('of the package can be read, copied and not changed', async () => {
    const { fs } = create()
    expect(fs.readFileSync('/data/x.json', 'utf8')).toBe('{"a":1}')
    expect(fs.statSync('data/x.json').size).toBe(7)
    fs.copyFileSync('data/x.json', `${ROOT}/copy.json`)
    expect(fs.readFileSync(`${ROOT}/copy.json`, 'utf8')).toBe('{"a":1}')
    expect(await outcome(fs.writeFile({ filePath: 'data/x.json', data: '' }))).toMatchObject({ errno: 1300013 })
    expect(() => fs.unlinkSync('data/x.json')).toThrow('unlinkSync:fail permission denied')
  })

  it('outside the user folder cannot be written', async () => {
    const { fs } = create()
    for (const filePath of ['wxfile://usr/../x', 'wxfile://other/x', 'http://tmp/x', '/x']) {
      const result = await outcome(fs.writeFile({ filePath, data: 'x' }))
      // ".." never leaves the root
      expect(result.errMsg).toBe(
        filePath.includes('..') ? 'writeFile:ok' : `writeFile:fail permission denied, open "${filePath}"`,
      )
    }
    expect(fs.readdirSync(ROOT)).toEqual(['x'])
  })

  it('fill up', async () => {
    const { fs } = create()
    const data = new ArrayBuffer(USER_FILES_LIMIT - 10)
    fs.writeFileSync(`${ROOT}/big`, data)
    expect(() => fs.writeFileSync(`${ROOT}/more`, 'x'.repeat(11))).toThrow(
      'the maximum size of the file storage limit is exceeded',
    )
    fs.writeFileSync(`${ROOT}/big`, 'small')
    fs.writeFileSync(`${ROOT}/more`, 'x'.repeat(11))
    expect(fs.readdirSync(ROOT)).toEqual(['big', 'more'])
  })
})

describe('folders', () => {
  it('are made, listed, moved and removed', async () => {
    const { fs } = create()
    expect(() => fs.mkdirSync(`${ROOT}/a/b`)).toThrow('no such file or directory')
    fs.mkdirSync(`${ROOT}/a/b`, true)
    fs.mkdirSync(`${ROOT}/a/b`, true)
    expect(() => fs.mkdirSync(`${ROOT}/a`)).toThrow(`mkdirSync:fail file already exists ${ROOT}/a`)
    fs.writeFileSync(`${ROOT}/a/b/c.txt`, 'c')
    expect(fs.readdirSync(`${ROOT}/a`)).toEqual(['b'])
    expect(() => fs.rmdirSync(`${ROOT}/a`)).toThrow('rmdirSync:fail directory not empty')
    expect(() => fs.unlinkSync(`${ROOT}/a`)).toThrow('operation not permitted')
    expect(() => fs.readFileSync(`${ROOT}/a`)).toThrow('illegal operation on a directory')
    expect(() => fs.readdirSync(`${ROOT}/a/b/c.txt`)).toThrow('not a directory')
    await fs.rename({ oldPath: `${ROOT}/a`, newPath: `${ROOT}/z` })
    expect(fs.readFileSync(`${ROOT}/z/b/c.txt`, 'utf8')).toBe('c')
    expect(() => fs.renameSync(`${ROOT}/z`, `${ROOT}/z/inside`)).toThrow('operation not permitted')
    const { stats } = await fs.stat({ path: `${ROOT}/z`, recursive: true })
    expect(stats.map((one: any) => [one.path, one.stats.isDirectory(), one.stats.size])).toEqual([
      ['/', true, 0],
      ['/b', true, 0],
      ['/b/c.txt', false, 1],
    ])
    fs.rmdirSync(`${ROOT}/z`, true)
    expect(fs.readdirSync(ROOT)).toEqual([])
    expect(() => fs.rmdirSync(ROOT, true)).toThrow('permission denied')
  })
})

describe('saved and temporary files', () => {
  it('move from temporary to saved', async () => {
    const { fs, wx, rt } = create()
    const tempFilePath = rt.files.addTemp(text('abc'), 'txt')
    const { savedFilePath } = await wx.saveFile({ tempFilePath })
    expect(savedFilePath).toMatch(/^wxfile:\/\/store_.+\.txt$/)
    expect(rt.files.read(tempFilePath)).toBeUndefined()
    expect(rt.files.read(savedFilePath)).toHaveLength(3)
    const { fileList } = await wx.getSavedFileList()
    expect(fileList).toEqual([{ filePath: savedFilePath, size: 3, createTime: expect.any(Number) }])
    expect(await wx.getSavedFileInfo({ filePath: savedFilePath })).toMatchObject({ size: 3 })
    await fs.removeSavedFile({ filePath: savedFilePath })
    expect((await fs.getSavedFileList()).fileList).toEqual([])
    expect(await outcome(wx.saveFile({ tempFilePath }))).toEqual({
      errMsg: 'saveFile:fail tempFilePath file not exist',
      errno: 1301112,
    })
  })

  it('have digests', async () => {
    const { wx, rt } = create()
    const filePath = rt.files.addTemp(text('abc'), 'txt')
    expect(await wx.getFileInfo({ filePath })).toEqual({
      size: 3,
      digest: '900150983cd24fb0d6963f7d28e17f72',
      errMsg: 'getFileInfo:ok',
    })
    expect((await wx.getFileInfo({ filePath, digestAlgorithm: 'sha1' })).digest).toBe(
      'a9993e364706816aba3e25717850c26c9cd0d89d',
    )
  })
})

describe('what the host keeps', () => {
  it('hears of the changes of a turn together', async () => {
    const { fs, calls } = create()
    fs.mkdirSync(`${ROOT}/d`)
    fs.writeFileSync(`${ROOT}/d/a`, '1')
    fs.writeFileSync(`${ROOT}/d/a`, '22')
    fs.writeFileSync(`${ROOT}/gone`, 'x')
    fs.unlinkSync(`${ROOT}/gone`)
    await Promise.resolve()
    expect(calls).toHaveLength(1)
    const { set, remove } = calls[0]!.args
    expect(Object.keys(set)).toEqual([`${ROOT}/d/`, `${ROOT}/d/a`])
    expect(set[`${ROOT}/d/a`].data.byteLength).toBe(2)
    expect(remove).toContain(`${ROOT}/gone`)
  })

  it('is there at the next start', () => {
    const { fs } = create({
      userFiles: {
        [`${ROOT}/d/`]: { data: new ArrayBuffer(0), modified: 1000 },
        [`${ROOT}/d/a`]: { data: text('hi').buffer, modified: 5000 },
      },
    })
    expect(fs.readFileSync(`${ROOT}/d/a`, 'utf8')).toBe('hi')
    expect(fs.statSync(`${ROOT}/d/a`).lastModifiedTime).toBe(5)
    expect(fs.statSync(`${ROOT}/d`).isDirectory()).toBe(true)
  })
})

describe('open files', () => {
  it('read and write at a position or where they are', () => {
    const { fs } = create()
    const filePath = `${ROOT}/f`
    const fd = fs.openSync({ filePath, flag: 'w+' })
    expect(fs.writeSync({ fd, data: 'hello' })).toEqual({ bytesWritten: 5 })
    fs.writeSync({ fd, data: text('J').buffer, position: 0 })
    const arrayBuffer = new ArrayBuffer(8)
    expect(fs.readSync({ fd, arrayBuffer, offset: 1, length: 4, position: 1 }).bytesRead).toBe(4)
    expect(new TextDecoder().decode(arrayBuffer.slice(1, 5))).toBe('ello')
    expect(fs.fstatSync({ fd }).size).toBe(5)
    fs.ftruncateSync({ fd, length: 2 })
    fs.closeSync({ fd })
    expect(fs.readFileSync(filePath, 'utf8')).toBe('Je')
    expect(() => fs.closeSync({ fd })).toThrow('closeSync:fail bad file descriptor')
  })

  it('obey their flags', async () => {
    const { fs } = create()
    const filePath = `${ROOT}/f`
    expect(await outcome(fs.open({ filePath, flag: 'r' }))).toMatchObject({ errno: 1300002 })
    const fd = fs.openSync({ filePath, flag: 'a' })
    fs.writeSync({ fd, data: 'a' })
    fs.writeSync({ fd, data: 'b', position: 0 })
    expect(fs.readFileSync(filePath, 'utf8')).toBe('ab')
    expect(() => fs.readSync({ fd, arrayBuffer: new ArrayBuffer(1), length: 1 })).toThrow('permission denied')
    expect(() => fs.openSync({ filePath, flag: 'wx' })).toThrow('file already exists')
    expect(() => fs.openSync({ filePath, flag: 'rw' })).toThrow('invalid flag')
  })
})

async function deflate(data: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([data as BlobPart]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** A ZIP archive of these entries, deflated. */
async function zip(entries: [string, string][]): Promise<ArrayBuffer> {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  /** Fields of a record: [position, bytes, value]. */
  const record = (length: number, ...fields: [number, 2 | 4, number][]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(length))
    for (const [at, bytes, value] of fields)
      bytes === 2 ? view.setUint16(at, value, true) : view.setUint32(at, value, true)
    return new Uint8Array(view.buffer)
  }
  for (const [path, content] of entries) {
    const data = await deflate(text(content))
    const name = text(path)
    parts.push(record(30, [0, 4, 0x04034b50], [8, 2, 8], [18, 4, data.length], [26, 2, name.length]), name, data)
    directory.push(
      record(46, [0, 4, 0x02014b50], [10, 2, 8], [20, 4, data.length], [28, 2, name.length], [42, 4, offset]),
      name,
    )
    offset += 30 + name.length + data.length
  }
  const end = record(22, [0, 4, 0x06054b50], [10, 2, entries.length], [16, 4, offset])
  return new Blob([...parts, ...directory, end] as BlobPart[]).arrayBuffer()
}

describe('archives', () => {
  it('are unpacked, without leaving the target', async () => {
    const { fs } = create()
    fs.writeFileSync(`${ROOT}/x.zip`, await zip([['a.txt', 'A'], ['dir/b.txt', 'B'], ['../../evil.txt', 'E']]))
    expect(await fs.unzip({ zipFilePath: `${ROOT}/x.zip`, targetPath: `${ROOT}/out` })).toEqual({ errMsg: 'unzip:ok' })
    expect(fs.readFileSync(`${ROOT}/out/dir/b.txt`, 'utf8')).toBe('B')
    expect(fs.readdirSync(`${ROOT}/out`)).toEqual(['a.txt', 'dir', 'evil.txt'])
  })

  it('are read entry by entry', async () => {
    const { fs } = create()
    fs.writeFileSync(`${ROOT}/x.zip`, await zip([['a.txt', 'Hello'], ['b.txt', 'B']]))
    const { entries } = await fs.readZipEntry({
      filePath: `${ROOT}/x.zip`,
      entries: [{ path: 'a.txt', encoding: 'utf8', position: 1, length: 3 }, { path: 'none' }],
    })
    expect(entries['a.txt']).toEqual({ data: 'ell', errMsg: 'readZipEntry:ok' })
    expect(entries.none.errMsg).toMatch(/^readZipEntry:fail no such file/)
    const all = await fs.readZipEntry({ filePath: `${ROOT}/x.zip`, entries: 'all', encoding: 'utf8' })
    expect(all.entries['b.txt'].data).toBe('B')
  })

  it('that are none fail', async () => {
    const { fs } = create()
    fs.writeFileSync(`${ROOT}/x.zip`, 'not a zip')
    expect(await outcome(fs.unzip({ zipFilePath: `${ROOT}/x.zip`, targetPath: `${ROOT}/out` }))).toEqual({
      errMsg: 'unzip:fail unzip open file fail', errno: 1301102,
    })
  })
})
