/**
 * The service worker of a web application's origin. Files of the package come from the package; what is not in it comes
 * from where the application is online, as in the containers of the field; and when that cannot be reached, a place of
 * a single-page application shows its first page, everything else a page that says why.
 */
/// <reference lib="webworker" />
import { nameOf, namesFile, onlineAddress, pageHeaders, parseRange } from './files'
import { offlinePage } from './offline'
import { activeId, openFiles, OURS, readFile, readJson, readVersion, writeJson, type Version } from './store'
import { RESERVED } from './wire'

const worker = globalThis as unknown as ServiceWorkerGlobalScope

const SHELL = ['shell.html', 'shell.css', 'shell.js'].map((name) => RESERVED + name)
/** which page is of which version: pages stay with theirs while the next one is started elsewhere */
const CLIENTS = `${RESERVED}clients`
/** ms; a network that is slower than this is as good as none for the shell … */
const PATIENCE = 3000
/** … and for a page that may be shown without it */
const PAGE_PATIENCE = 10_000

const bound = new Map<string, string>()
let version: Version | undefined
const known = load()

worker.addEventListener('install', (event) => {
  event.waitUntil(caches.open(OURS).then((cache) => cache.addAll(SHELL)).then(() => worker.skipWaiting()))
})

worker.addEventListener('activate', (event) => { event.waitUntil(worker.clients.claim()) })

worker.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (url.origin === worker.location.origin) {
    event.respondWith(url.pathname.startsWith(RESERVED) ? shellFile(event) : answer(event, url))
  } else if (!version) {
    // it was woken for this request: who is meant is not known yet
    event.respondWith(known.then(() => (isVirtual(url) ? answer(event, url) : fetch(event.request))))
  } else if (isVirtual(url)) {
    event.respondWith(answer(event, url))
  }
})

/** The package's own host name stands for this origin. */
const isVirtual = (url: URL): boolean =>
  url.hostname === version?.h5.virtualHost && (url.protocol === 'https:' || url.protocol === 'http:')

async function load(): Promise<void> {
  const pages = await readJson<[string, string][]>(CLIENTS).catch(() => undefined)
  for (const [client, id] of pages ?? []) if (!bound.has(client)) bound.set(client, id)
  const id = await activeId()
  version ??= id === undefined ? undefined : await readVersion(id)
}

// ---- our own files ---------------------------------------------------------------------------------------------------

/** The newest shell that can be had; offline, the one that was kept. */
async function shellFile({ request }: FetchEvent): Promise<Response> {
  const cache = await caches.open(OURS)
  const { pathname } = new URL(request.url)
  if (!SHELL.includes(pathname)) return fetch(request)
  const kept = await cache.match(pathname)
  const loading = fetch(request).then(async (response) => {
    if (response.ok) await cache.put(pathname, response.clone())
    return response
  })
  if (!kept) return loading
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(kept.clone()), PATIENCE))
  return Promise.race([loading.then((response) => (response.ok ? response : kept.clone())), late]).catch(() => kept)
}

// ---- the package -----------------------------------------------------------------------------------------------------

async function answer(event: FetchEvent, url: URL): Promise<Response> {
  const { request } = event
  await known
  const mine = await versionOf(event)
  if (!mine) return fetch(request)
  const readable = request.method === 'GET' || request.method === 'HEAD'
  return (readable && await fromPackage(mine, request, url)) || online(mine, request, url)
}

async function versionOf(event: FetchEvent): Promise<Version | undefined> {
  const opens = event.request.mode === 'navigate'
  const id = (!opens && bound.get(event.clientId)) || await activeId()
  if (id === undefined) return undefined
  if (opens && event.resultingClientId) {
    bound.set(event.resultingClientId, id)
    event.waitUntil(keepBound())
  }
  if (version?.id !== id || opens) {
    const found = await readVersion(id)
    if (!found || opens) version = found
    return found
  }
  return version
}

/** Workers are put to sleep when nobody asks them: what they know has to be written down. */
async function keepBound(): Promise<void> {
  const alive = new Set((await worker.clients.matchAll({ includeUncontrolled: true })).map(({ id }) => id))
  // the last one is being opened, and not listed yet
  const last = [...bound.keys()].at(-1)
  for (const id of bound.keys()) if (!alive.has(id) && id !== last) bound.delete(id)
  await writeJson(CLIENTS, [...bound])
}

async function fromPackage(mine: Version, request: Request, url: URL): Promise<Response | undefined> {
  const files = await openFiles(mine.id)
  const name = nameOf(url.pathname)
  const folder = name === '' || name.endsWith('/')
  const found = await readFile(files, folder ? `${name}index.html` : name)
  if (found) return served(mine, request, found)
  if (folder) {
    const { mainUrl } = mine.h5
    return name === '' && url.pathname !== new URL(mainUrl, url).pathname ? moved(url, mainUrl) : undefined
  }
  // the page's own addresses are relative to its folder
  return await readFile(files, `${name}/index.html`) && moved(url, `${url.pathname}/${url.search}`)
}

const moved = (from: URL, to: string): Response => Response.redirect(new URL(to, from).href, 302)

async function served({ platforms }: Version, request: Request, file: Response): Promise<Response> {
  const body = await file.blob()
  const headers: { [name: string]: string } = {
    'content-type': file.headers.get('content-type')!, 'content-length': String(body.size), 'accept-ranges': 'bytes',
    ...pageHeaders(platforms),
  }
  const range = parseRange(request.headers.get('range'), body.size)
  if (range === 'unsatisfiable') {
    return new Response(null, { status: 416, headers: { 'content-range': `bytes */${body.size}` } })
  }
  if (request.method === 'HEAD') return new Response(null, { headers })
  if (range === 'none') return new Response(body, { headers })
  const { start, end } = range
  Object.assign(headers, { 'content-range': `bytes ${start}-${end - 1}/${body.size}`, 'content-length': String(end - start) })
  return new Response(body.slice(start, end), { status: 206, headers })
}

// ---- online ----------------------------------------------------------------------------------------------------------

async function online(mine: Version, request: Request, url: URL): Promise<Response> {
  const opens = request.mode === 'navigate'
  const response = await ask(mine, request, url, opens).catch(() => undefined)
  const readable = request.method === 'GET' || request.method === 'HEAD'
  if (opens && readable && !namesFile(url.pathname) && (!response || response.status === 404)) {
    return firstPage(mine, request, url)
  }
  if (!response) return opens ? offlinePage(worker.navigator.language, pageHeaders(mine.platforms)) : Response.error()
  return opens ? page(mine, response) : response
}

/** The same request to where the application is online. Its cookies are those of another site, and stay away. */
async function ask(mine: Version, request: Request, url: URL, opens: boolean): Promise<Response> {
  const { method, headers } = request
  const sends = method !== 'GET' && method !== 'HEAD'
  const response = await fetch(onlineAddress(mine.h5, url), {
    method,
    // what a browser accepts for pages is so long that the other server would be asked for leave first (CORS)
    headers: opens ? { accept: 'text/html,*/*;q=0.8', ...typeOf(headers) } : headers,
    // pictures, sheets and scripts need nobody's leave; what can be read does (CORS)
    mode: request.mode === 'no-cors' ? 'no-cors' : 'cors',
    credentials: 'omit', redirect: 'follow', referrerPolicy: 'no-referrer',
    signal: opens ? AbortSignal.timeout(PAGE_PATIENCE) : request.signal,
    ...(sends && { body: await request.arrayBuffer() }),
  })
  if (response.type === 'opaque') return response
  // without the other address: modules would look for their neighbours there
  const empty = [204, 205, 304].includes(response.status)
  return new Response(empty ? null : response.body, {
    status: response.status, statusText: response.statusText, headers: response.headers,
  })
}

function typeOf(headers: Headers): { 'content-type'?: string } {
  const type = headers.get('content-type')
  return type === null ? {} : { 'content-type': type }
}

function page({ platforms }: Version, { status, body, headers }: Response): Response {
  const own = pageHeaders(platforms)
  return new Response(body, { status, headers: { 'content-type': headers.get('content-type') ?? 'text/html', ...own } })
}

/** A place inside a single-page application: its script makes the page of the address. */
async function firstPage(mine: Version, request: Request, url: URL): Promise<Response> {
  const name = nameOf(new URL(mine.h5.mainUrl, url).pathname)
  const files = await openFiles(mine.id)
  const found = await readFile(files, name.endsWith('/') || name === '' ? `${name}index.html` : name)
  return found ? served(mine, request, found) : offlinePage(worker.navigator.language, pageHeaders(mine.platforms))
}
