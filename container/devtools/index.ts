/** The simulator's page: a phone, and around it what its developer wants to see and change. */
import { EdenHost } from '../host'
import { deviceOf } from './devices'
import { listen, stepTo, type Revision } from './live'
import { Stage } from './stage'

interface Settings {
  program: string
  event: Revision | null
  public: string | null
  qr: string | null
  source: string
}

const element = (id: string): HTMLElement => document.getElementById(id)!

async function start(): Promise<void> {
  const settings = await fetch('/settings.json').then((answer) => answer.json() as Promise<Settings>)
  const stage = new Stage(element('stage'), element('device'), element('phone'), deviceOf(null))
  stage.layout()
  const host = new EdenHost({
    container: element('phone'), runtimeUrl: '/container/runtime.js', mode: 'develop', system: stage.system,
    locale: navigator.language.startsWith('zh') ? 'zh_CN' : 'en', policy: { domains: 'any' },
    services: { proxy: '/_proxy?url=' }, hangLimit: 30_000,
  })
  stage.onChange = (system) => host.resize(system)
  let shown: Revision | undefined
  const show = (revision: Revision): void => {
    const step = stepTo(shown, revision, [])
    if (step.do === 'reload') void (shown ? host.reload({ keepStack: true }) : host.open(settings.program, { fresh: true }))
    if (revision.errors === 0) shown = revision
  }
  if (settings.event) show(settings.event)
  listen(show, () => undefined)
}

void start()
