/**
 * Forms with `data-upload` send their file with a progress bar. The server answers as it does to htmx: HX-Redirect
 * when it worked, otherwise the form again or a problem.
 */
import htmx from 'htmx.org'
import { toast } from './toast'
import { token } from './token'
import { language, word } from './words'

export function installUpload(): void {
  document.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement
    if (!form.matches('[data-upload]') || event.defaultPrevented) return
    event.preventDefault()
    if (form.dataset.busy === undefined) send(form)
  })
}

function send(form: HTMLFormElement): void {
  const box = form.querySelector<HTMLElement>('.upload')
  const bar = box?.querySelector('progress')
  const status = box?.querySelector('p')
  const percent = new Intl.NumberFormat(language(), { style: 'percent' })
  const request = new XMLHttpRequest()
  const stop = () => {
    delete form.dataset.busy
    if (box) box.hidden = true
  }

  request.upload.addEventListener('progress', ({ loaded, total, lengthComputable }) => {
    if (!lengthComputable || !bar || !status) return
    bar.value = (100 * loaded) / total
    status.textContent = loaded < total ? percent.format(loaded / total) : word('upload-done')
  })
  request.addEventListener('error', () => {
    stop()
    toast(word('upload-failed'), 'bad')
  })
  request.addEventListener('load', () => {
    const target = request.getResponseHeader('HX-Redirect')
    if (target) return location.assign(target)
    stop()
    show(request)
  })

  form.dataset.busy = ''
  delete form.dataset.dirty
  if (box) box.hidden = false
  request.open('POST', form.action)
  request.setRequestHeader('HX-Request', 'true')
  request.setRequestHeader('X-CSRF-Token', token())
  request.send(new FormData(form))
}

function show(request: XMLHttpRequest): void {
  const answer = new DOMParser().parseFromString(request.responseText, 'text/html')
  const content = answer.getElementById('content')
  const part = request.getResponseHeader('HX-Retarget')
  // a proxy refused it: its page is none of ours, and the form is still here
  if (!content && !part && /<html[\s>]/i.test(request.responseText)) return void toast(word('upload-failed'), 'bad')
  const html = (content ?? answer.body).innerHTML
  htmx.swap(part ?? '#content', html, { swapStyle: 'innerHTML', swapDelay: 0, settleDelay: 0 })
  document.querySelector<HTMLElement>('[data-errors], #flashes .alert')?.scrollIntoView({ block: 'nearest' })
}
