// Calls a gateway with the container's client: node wire_client.mjs BUNDLES OPTIONS CALLS; prints what became of each.
const [folder, options, calls] = process.argv.slice(2)
globalThis.document = { baseURI: 'http://localhost/' }
const { open } = await import(`${folder}/rpc.js`)
const { clock = 0, ...given } = JSON.parse(options)
const client = open(given, {
  fetch, device: async () => 'device-1', national: () => import(`${folder}/national.js`), now: () => Date.now() + clock,
})
const results = []
for (const { body, headers = {}, ...call } of JSON.parse(calls)) {
  const outgoing = {
    method: 'POST', query: '', version: '', streamed: false, program: 'wx1', ...call,
    headers: new Headers(headers), body: body === undefined ? undefined : new TextEncoder().encode(body),
  }
  try {
    const { answer, stream } = await client.call(outgoing, AbortSignal.timeout(30_000))
    const text = new TextDecoder().decode(stream ? await new Response(stream).arrayBuffer() : answer.body)
    results.push({ ...answer, headers: Object.fromEntries(answer.headers), body: text, streamed: stream !== undefined })
  } catch (error) {
    results.push({ fault: error.reason ?? String(error.cause ?? error), code: error.code })
  }
}
console.log(JSON.stringify(results))
