/**
 * LESS and SCSS → CSS, for preprocess.py: one JSON request per line on stdin, one JSON answer per line on stdout.
 *
 *   request  {vendor, files: {program path: file on disk}, aliases: [[pattern, target]], sheets: [{path, text, language}]}
 *   answer   {sheets: [{css, reads: [program path], error?: {message, path, line, column}}]}
 *
 * Program paths have no leading slash; inside the preprocessors a sheet is "/" + its program path.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

/** @import "x.wxss" and "x.css": a sheet of the program, applied by the runtime, not taken in here. */
const SHEET_IMPORT = /(@import\s+)(?:\(css\)\s*)?(?:url\(\s*)?(["'])([^"'\n]+?\.(?:wxss|css))\2\s*\)?/g

const folderOf = (path) => path.slice(0, path.lastIndexOf('/') + 1)

function normalize(path) {
  const out = []
  for (const part of path.split('/')) {
    if (part === '..') out.pop()
    else if (part !== '' && part !== '.') out.push(part)
  }
  return out.join('/')
}

class Program {
  constructor({ files, aliases }) {
    this.files = files
    this.aliases = aliases
    this.reads = new Set()
  }

  /** Program paths that `name` in a sheet of `folder` may mean, best first; as `candidates` in paths.py. */
  *candidates(name, folder) {
    for (const [pattern, target] of this.aliases) {
      if (pattern === name) return yield normalize(target)
      if (pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1))) {
        return yield normalize(target.replace(/\*$/, '') + name.slice(pattern.length - 1))
      }
    }
    if (name.startsWith('/')) return yield normalize(name)
    const bare = name.replace(/^~(?=[^/])/, '')
    yield normalize(folder + bare)
    if (bare.startsWith('.')) return
    for (let up = folder; ; up = folderOf(up.slice(0, -1))) {
      yield normalize(`${up}miniprogram_npm/${bare}`)
      if (up === '' || up === '/') break
    }
    yield normalize(bare)
  }

  /** The first file there is; `endings(path)` gives the forms of each candidate. */
  find(name, folder, endings) {
    for (const candidate of this.candidates(name, folder)) {
      for (const path of endings(candidate)) {
        this.reads.add(path)
        if (this.files[path] !== undefined) return path
      }
    }
    return undefined
  }

  read(path) {
    return readFileSync(this.files[path], 'utf8').replace(/^\ufeff/, '')
  }

  /** Text with imports of plain sheets written so that the preprocessor keeps them, from the program's root. */
  keepSheets(text, path, mark) {
    return text.replace(SHEET_IMPORT, (whole, head, quote, name) => {
      if (/^(https?:)?\/\//.test(name)) return whole
      const found = this.find(name, folderOf(path), (candidate) => [candidate])
      return mark(head, JSON.stringify(found === undefined ? name : `/${found}`))
    })
  }
}

async function compileLess(less, program, sheet) {
  const mark = (head, name) => `${head}(css) ${name}`
  class Files extends less.FileManager {
    supports() { return true }
    supportsSync() { return true }
    loadFileSync(name, folder) {
      const endings = (path) => (/\.(less|css|wxss)$/.test(path) ? [path] : [`${path}.less`, path, `${path}.wxss`, `${path}.css`])
      const path = program.find(name, normalize(folder) && `${normalize(folder)}/`, endings)
      if (path === undefined) return { type: 'File', message: `'${name}' does not exist` }
      return { filename: `/${path}`, contents: program.keepSheets(program.read(path), path, mark) }
    }
    async loadFile(name, folder) {
      const loaded = this.loadFileSync(name, folder)
      if (!loaded.filename) throw loaded
      return loaded
    }
  }
  const plugin = { install: (_, manager) => manager.addFileManager(new Files()), minVersion: [3, 0, 0] }
  const render = (math) => less.render(program.keepSheets(sheet.text, sheet.path, mark), {
    filename: `/${sheet.path}`,
    syncImport: true,
    plugins: [plugin],
    math,
    // both would run code of the project
    javascriptEnabled: false,
    disablePluginRule: true,
  })
  try {
    return (await render('parens-division')).css
  } catch (error) {
    // sheets written for LESS 3 may need every division done
    return await render('always').then(({ css }) => css, () => Promise.reject(error))
  }
}

function compileSass(sass, program, sheet) {
  const mark = (head, name) => `${head}url(${name})`
  const prefix = 'eden:///'
  const forms = (path) => {
    const folder = folderOf(path)
    const name = path.slice(folder.length)
    if (/\.(scss|sass|css|wxss)$/.test(name)) return [path, `${folder}_${name}`]
    const files = ['scss', 'sass', 'wxss', 'css'].flatMap((end) => [`${path}.${end}`, `${folder}_${name}.${end}`])
    return [...files, `${path}/index.scss`, `${path}/_index.scss`, `${path}/_index.sass`, `${path}/index.sass`]
  }
  const syntax = (path) => (path.endsWith('.sass') ? 'indented' : path.endsWith('.css') ? 'css' : 'scss')
  const decode = (url) => decodeURIComponent(url.href.slice(prefix.length))
  const importer = {
    canonicalize(url, { containingUrl }) {
      const name = decodeURIComponent(url.startsWith(prefix) ? `/${url.slice(prefix.length)}` : url)
      const path = program.find(name, containingUrl ? folderOf(decode(containingUrl)) : '', forms)
      return path === undefined ? null : new URL(prefix + path.split('/').map(encodeURIComponent).join('/'))
    },
    load(url) {
      const path = decode(url)
      return { contents: program.keepSheets(program.read(path), path, mark), syntax: syntax(path) }
    },
  }
  // Without `importer`, a relative load goes to `importers` as it was written, with the sheet that contains it.
  return sass.compileString(program.keepSheets(sheet.text, sheet.path, mark), {
    url: new URL(prefix + sheet.path.split('/').map(encodeURIComponent).join('/')),
    importers: [importer],
    importer: { canonicalize: () => null, load: () => null },
    syntax: syntax(sheet.path),
    charset: false,
    logger: sass.Logger.silent,
  }).css
}

function problem(error, sheet) {
  const span = error.span
  const path = span ? decodeURIComponent(span.url?.href?.slice('eden:///'.length) ?? sheet.path) : error.filename
  return {
    message: String(error.sassMessage ?? error.message ?? error),
    path: String(path ?? sheet.path).replace(/^\//, ''),
    line: span ? span.start.line + 1 : (error.line ?? 0),
    column: span ? span.start.column + 1 : error.line ? (error.column ?? 0) + 1 : 0,
  }
}

const engines = new Map()

async function engine(vendor, name) {
  if (!engines.has(name)) {
    const module = await import(pathToFileURL(`${vendor}/${name}.mjs`).href)
    engines.set(name, name === 'less' ? module.default : module)
  }
  return engines.get(name)
}

async function answer(request) {
  const sheets = []
  for (const sheet of request.sheets) {
    const program = new Program(request)
    let css = ''
    let error
    try {
      if (sheet.language === 'less') css = await compileLess(await engine(request.vendor, 'less'), program, sheet)
      else css = compileSass(await engine(request.vendor, 'sass'), program, sheet)
    } catch (thrown) {
      error = problem(thrown, sheet)
    }
    sheets.push({ css, error, reads: [...program.reads] })
  }
  return { sheets }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`)
}
