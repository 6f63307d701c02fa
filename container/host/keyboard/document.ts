/**
 * The document of the keyboard's frame. Its policy allows one script, by nonce, and sheets that this script makes: no
 * connection, picture, font, frame, form or address.
 */
import { inScript, randomText } from '../frame/document'

const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'"

export function keyboardDocument(script: string): string {
  const nonce = randomText()
  return '<!doctype html><html><head><meta charset="utf-8">' +
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}; script-src 'nonce-${nonce}'; style-src 'unsafe-inline'">` +
    '<meta http-equiv="x-dns-prefetch-control" content="off">' +
    '<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover"></head>' +
    `<body><script nonce="${nonce}">${inScript(script)}\n;document.currentScript.remove()</script></body></html>`
}
