// The smallest runtime that follows container/bridge/messages.ts. A program's scripts get `port` itself: the worst
// that program code inside the real runtime could lay its hands on.
(() => {
  let port
  let calls = 0
  const pending = new Map()
  const events = []
  const post = (message, transfer = []) => port.postMessage(message, transfer)
  const call = (name, args = {}) => new Promise((resolve, reject) => {
    pending.set(++calls, { resolve, reject })
    post({ kind: 'call', id: calls, name, args })
  })
  const text = (files, path) => new TextDecoder().decode(files[path])
  const show = (words) => { document.body.textContent = words }

  const start = (boot) => {
    const main = boot.packages.main ?? Object.values(boot.packages)[0]
    const { path, query } = boot.launch
    post({ kind: 'route', stack: [{ route: path || 'pages/index/index', query }] })
    const program = new Function('eden', text(main, 'code/scripts.js'))
    program({ boot, port, post, call, show, events, text })
    post({ kind: 'painted', page: path || 'pages/index/index', ms: performance.now() })
  }

  addEventListener('message', (event) => {
    if (event.source !== parent || event.data?.eden !== 'port') return
    port = event.ports[0]
    port.onmessage = ({ data }) => {
      if (data.kind === 'ping') post({ kind: 'pong', seq: data.seq })
      if (data.kind === 'event') events.push(data)
      if (data.kind === 'reply') {
        const { resolve, reject } = pending.get(data.id) ?? {}
        pending.delete(data.id)
        if (data.error) reject?.(data.error)
        else resolve?.(data.value)
      }
      if (data.kind === 'boot') {
        try {
          start(data)
        } catch (error) {
          post({ kind: 'error', type: 'error', message: String(error), stack: String(error.stack) })
        }
      }
    }
    post({ kind: 'loaded' })
  })
  parent.postMessage({ eden: 'hello' }, '*')
})()
