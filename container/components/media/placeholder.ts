/** A dark frame with a sign and a sentence, for pictures that a web page cannot give. */
import { el } from '../kit'

export const PLACEHOLDER_CSS = `.eden-placeholder{position:absolute;inset:0;display:flex;flex-direction:column;
align-items:center;justify-content:center;gap:12px;background:#1c1c1e 50%/cover no-repeat;color:#aaa;
font:14px/1.4 sans-serif;text-align:center}
.eden-placeholder svg{width:48px;height:48px}`

export const SIGNS = {
  camera: 'M9 4 7.5 6H4a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-3.5L15 4z' +
    'm3 4a5 5 0 1 1 0 10 5 5 0 0 1 0-10zm0 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  live: 'M4 6a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-2.6l6 3.6V7l-6 3.6V8a2 2 0 0 0-2-2z',
}

export function placeholder(sign: keyof typeof SIGNS, text: string): HTMLElement {
  const box = el('div', 'eden-placeholder')
  const look = 'viewBox="0 0 24 24" fill="currentColor" fill-rule="evenodd" aria-hidden="true"'
  box.innerHTML = `<svg ${look}><path d="${SIGNS[sign]}"/></svg>`
  box.append(el('span', '', text))
  return box
}

/** Call back as every WeChat context method does. */
export function answer(options: any, name: string, result: Promise<object | void>): void {
  result.then(
    (fields) => ({ ...fields, errMsg: `${name}:ok` }),
    (error) => { throw { errMsg: `${name}:fail ${error?.reason ?? error?.message ?? error}` } },
  ).then(
    (value) => { options?.success?.(value); options?.complete?.(value) },
    (failure) => { options?.fail?.(failure); options?.complete?.(failure) },
  )
}
