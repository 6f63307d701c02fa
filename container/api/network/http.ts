/** wx.request, wx.uploadFile, wx.downloadFile. */
import type { Runtime } from '../../runtime/context'
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { userFiles } from '../files/user-files'
import { fileName } from '../files/paths'
import { localBlob } from '../media/source'
import { wxArea } from '../typed'
import { anyCase, decodeData, encodeHeader, encodeRequest, isAddress, isMethod } from './encode'
import { emptyAnswer, readJsonOfAnswers } from './empty'
import { networkTasks } from './tasks'

/** WeChat's own default for all kinds, in milliseconds; app.json's networkTimeout may lower it. */
const DEFAULT_TIMEOUT = 60000

const SCHEMES = ['http', 'https']

export const http: AreaFactory = (rt) => {
  const tasks = networkTasks(rt)
  if (rt.boot.mode === 'check') readJsonOfAnswers()

  return wxArea({
    async: {
      request(options, call) {
        const task = tasks.start('request')
        call.task = {
          abort: task.abort,
          onHeadersReceived: task.headers.on,
          offHeadersReceived: task.headers.off,
          onChunkReceived: task.chunks.on,
          offChunkReceived: task.chunks.off,
        }
        requireAddress(options)
        const { url, method, header, body } = encodeRequest(options)
        if (!isMethod(method)) throw fail('method is invalid')
        const { dataType, responseType, enableChunked = false, redirect = 'follow' } = options
        return tasks
          .run(task, 'request', {
            url,
            method,
            header,
            body,
            redirect,
            enableChunked,
            responseType: responseType === 'arraybuffer' ? 'arraybuffer' : 'text',
            timeout: timeoutOf(rt, 'request', options.timeout),
          })
          .then((result) => {
            const fields = rt.boot.mode === 'check' && (result.header as Record<string, string>)['X-Eden-Empty']
            const data = fields ? emptyAnswer(JSON.parse(fields) as object) : decodeData(result.data, dataType, responseType)
            return { ...result, header: anyCase(result.header), data }
          })
      },

      uploadFile(options, call) {
        const task = tasks.start('uploadFile')
        call.task = transfer(task)
        requireAddress(options)
        requireParameter(options, 'filePath', 'String')
        requireParameter(options, 'name', 'String')
        const { url, filePath, name } = options
        const file = localBlob(rt, filePath)
        const formData = Object.entries(options.formData ?? {}).map(([key, value]) => [key, formField(value)])
        return tasks.run(task, 'uploadFile', {
          url,
          name,
          file,
          fileName: fileName(filePath),
          header: encodeHeader(options.header),
          formData,
          timeout: timeoutOf(rt, 'uploadFile', options.timeout),
        })
      },

      downloadFile(options, call) {
        const task = tasks.start('downloadFile')
        call.task = transfer(task)
        requireAddress(options)
        const { url, filePath } = options
        return tasks
          .run(task, 'downloadFile', {
            url,
            header: encodeHeader(options.header),
            timeout: timeoutOf(rt, 'downloadFile', options.timeout),
          })
          .then(({ data, extension, ...result }) => {
            const bytes = new Uint8Array(data)
            if (!filePath) return { ...result, tempFilePath: rt.files.addTemp(bytes, extension) }
            userFiles(rt).write(filePath, bytes)
            return { ...result, filePath }
          })
      },
    },
    partial: {
      'request.object.redirect':
        'a browser does not show where a redirect leads; without a proxy "manual" gives status 0',
      'request.object.enableCache': 'the browser decides',
      'request.object.enableHttp2': 'the browser decides',
      'request.object.enableQuic': 'the browser decides',
      'request.object.enableHttpDNS': 'the browser resolves names',
      'request.object.forceCellularNetwork': 'a browser cannot choose the network',
    },
  })
}

/** The task of an upload or download, as programs see it. */
const transfer = ({ abort, headers, progress }: ReturnType<ReturnType<typeof networkTasks>['start']>) => ({
  abort,
  onHeadersReceived: headers.on,
  offHeadersReceived: headers.off,
  onProgressUpdate: progress.on,
  offProgressUpdate: progress.off,
})

function requireAddress(options: { url: string }): void {
  requireParameter(options, 'url', 'String')
  if (!isAddress(options.url, SCHEMES)) throw fail(`invalid url "${options.url}"`, 600009)
}

const timeoutOf = (rt: Runtime, kind: string, timeout: number | undefined): number =>
  timeout && timeout > 0 ? timeout : rt.config.networkTimeout?.[kind] ?? DEFAULT_TIMEOUT

const formField = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
