/**
 * The super app's service worker: the page starts without a network. Its own files come from the network first, so
 * that a new Eden is used at once, and from the cache when there is none. Packages are not its business: the phone
 * keeps them, with their signatures.
 */
/// <reference lib="webworker" />
export {}

const worker = globalThis as unknown as ServiceWorkerGlobalScope

const CACHE = 'eden-app-1'
const SHELL = ['./', 'app.js', 'app.css', 'runtime.js', 'collect.js', 'icon.svg', 'manifest.webmanifest']
/** ms; a network that is slower than this is as good as none for a start */
const PATIENCE = 3000

worker.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => worker.skipWaiting()))
})

worker.addEventListener('activate', (event) => { event.waitUntil(worker.clients.claim()) })

worker.addEventListener('fetch', (event) => {
  const { request } = event
  const inScope = request.method === 'GET' && request.url.startsWith(worker.registration.scope)
  if (inScope) event.respondWith(networkFirst(event))
})

async function networkFirst(event: FetchEvent): Promise<Response> {
  const { request } = event
  // every address of the page is the same page
  const key = request.mode === 'navigate' ? new URL('./', worker.registration.scope).href : request.url
  const loading = fetch(request)
  // also when the answer comes too late for this time, so that it is there the next time
  event.waitUntil(loading.then((response) => keep(key, response.clone())).catch(() => undefined))
  const kept = await caches.open(CACHE).then((cache) => cache.match(key)).catch(() => undefined)
  if (!kept) return loading
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(kept.clone()), PATIENCE))
  return Promise.race([loading, late]).catch(() => kept)
}

async function keep(key: string, response: Response): Promise<void> {
  if (response.ok) await (await caches.open(CACHE)).put(key, response)
}
