/** The console's script: small behaviours on server-rendered pages. Dialogs, plots and live regions need it. */
import htmx from 'htmx.org'
import { installCopy } from './copy'
import { installDialogs } from './dialog'
import { enhance } from './enhance'
import { installForms } from './forms'
import { installKeys } from './keys'
import { startLive } from './live'
import { installMenus } from './menu'
import { installTheme } from './theme'
import { keepTimes } from './time'
import { toast } from './toast'
import { token } from './token'
import { installUpload } from './upload'
import { word } from './words'

// htmx reads its settings from the page (allowEval and its own style sheet are off); every request carries the token
document.addEventListener('htmx:configRequest', (event) => {
  const { headers } = (event as CustomEvent<{ headers: Record<string, string> }>).detail
  headers['X-CSRF-Token'] = token()
})
// what asks every few seconds rests while nobody looks
document.addEventListener('htmx:beforeRequest', (event) => {
  if (document.hidden && /\bevery\b/.test((event.target as Element).getAttribute('hx-trigger') ?? '')) {
    event.preventDefault()
  }
})
document.addEventListener('htmx:sendError', () => toast(word('request-failed'), 'bad'))
document.addEventListener('htmx:afterSettle', (event) => enhance(event.target as Element))

installTheme()
installDialogs()
installMenus()
installCopy()
// an upload is taken out of the hands of the general handler
installUpload()
installForms()
installKeys()
keepTimes()
enhance(document.documentElement)

const stream = document.body.dataset.liveStream
if (stream) startLive(stream, (region) => htmx.process(region))
