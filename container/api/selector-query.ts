/** wx.createSelectorQuery: what programs ask about elements of their pages. */
import type { GeneralComponent } from 'glass-easel'
import type { PageHandle, Runtime } from '../runtime/context'
import { builtinOf } from '../components/kit'
import type { Found } from './select'
import { componentOf, select } from './select'

export interface Fields {
  id?: boolean
  dataset?: boolean
  mark?: boolean
  rect?: boolean
  size?: boolean
  scrollOffset?: boolean
  properties?: string[]
  computedStyle?: string[]
  context?: boolean
  node?: boolean
  ref?: boolean
}

type Callback = (result: any) => void

interface Request {
  /** undefined: the page in front when the query runs */
  scope: GeneralComponent | undefined
  selector: string | null
  all: boolean
  fields: Fields
  done: Callback | undefined
}

/** Methods of one selection; each queues a question and returns the query, so that calls chain. */
class NodesRef {
  constructor(
    private readonly query: SelectorQuery,
    private readonly ask: (fields: Fields, done: Callback | undefined) => void,
  ) {}

  fields(fields: Fields, done?: Callback): SelectorQuery {
    return this.put(fields ?? {}, done)
  }
  boundingClientRect(done?: Callback): SelectorQuery {
    return this.put({ id: true, dataset: true, rect: true, size: true }, done)
  }
  scrollOffset(done?: Callback): SelectorQuery {
    return this.put({ id: true, dataset: true, scrollOffset: true }, done)
  }
  context(done?: Callback): SelectorQuery {
    return this.put({ context: true }, done)
  }
  node(done?: Callback): SelectorQuery {
    return this.put({ node: true }, done)
  }
  ref(done?: Callback): SelectorQuery {
    return this.put({ ref: true }, done)
  }

  private put(fields: Fields, done: Callback | undefined): SelectorQuery {
    this.ask(fields, done)
    return this.query
  }
}

export class SelectorQuery {
  private queue: Request[] = []
  private scope: GeneralComponent | undefined

  constructor(private readonly rt: Pick<Runtime, 'router' | 'guard'>) {}

  in(component: unknown): this {
    this.scope = componentOf(component)
    return this
  }

  select(selector: string): NodesRef {
    return this.nodes(selector, false)
  }
  selectAll(selector: string): NodesRef {
    return this.nodes(selector, true)
  }
  selectViewport(): NodesRef {
    return this.nodes(null, false)
  }

  private nodes(selector: string | null, all: boolean): NodesRef {
    const { scope } = this
    return new NodesRef(this, (fields, done) => this.queue.push({ scope, selector, all, fields, done }))
  }

  /** Answers come after the work in hand, with the page as it is then; the questions stay for another exec. */
  exec(done?: (results: unknown[]) => void): this {
    const requests = [...this.queue]
    setTimeout(() => {
      const results = requests.map((request) => this.rt.guard('selector query', () => this.answer(request)) ?? null)
      requests.forEach((request, index) => this.tell(request.done, results[index]))
      this.tell(done, results)
    }, 0)
    return this
  }

  private tell(callback: Callback | undefined, value: unknown): void {
    if (typeof callback === 'function') this.rt.guard('selector query callback', () => callback(value))
  }

  private answer({ scope, selector, all, fields }: Request): unknown {
    const current = this.rt.router.current()
    const component = scope ?? current?.component
    const page = (component && this.rt.router.pageOf(component)) ?? current
    if (!component || !page) return all ? [] : null
    if (selector === null) return viewport(page, fields)
    const found = select(component, String(selector), all).map((item) => describe(item, fields, page))
    return all ? found : (found[0] ?? null)
  }
}

/** The window itself: its size, and how far the page is scrolled. */
function viewport({ scroller }: PageHandle, fields: Fields): object {
  const { clientWidth: width, clientHeight: height } = scroller
  return {
    ...(fields.id && { id: '' }),
    ...(fields.dataset && { dataset: {} }),
    ...(fields.mark && { mark: {} }),
    ...(fields.rect && { left: 0, top: 0, right: width, bottom: height }),
    ...(fields.size && { width, height }),
    ...(fields.scrollOffset && offsets(scroller)),
  }
}

const offsets = ({ scrollLeft, scrollTop, scrollWidth, scrollHeight }: HTMLElement): object => ({
  scrollLeft,
  scrollTop,
  scrollWidth,
  scrollHeight,
})

function describe({ element, dom }: Found, fields: Fields, page: PageHandle): object {
  const builtin = dom && builtinOf(dom)
  const result: { [name: string]: unknown } = {}
  if (fields.properties?.length) {
    const data = (builtin?.props ?? (element as Partial<GeneralComponent>).data ?? {}) as { [name: string]: unknown }
    for (const name of fields.properties) {
      const key = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
      if (key in data) result[name] = data[key]
    }
  }
  if (fields.computedStyle?.length && dom) {
    const style = getComputedStyle(dom) as unknown as { [name: string]: string }
    for (const name of fields.computedStyle) result[name] = style[name]
  }
  if (fields.id) result.id = element.id
  if (fields.dataset) result.dataset = { ...element.dataset }
  if (fields.mark) result.mark = element.collectMarks()
  if (fields.rect || fields.size) {
    const { left, top, right, bottom, width, height } = rectIn(page, dom)
    if (fields.rect) Object.assign(result, { left, top, right, bottom })
    if (fields.size) Object.assign(result, { width, height })
  }
  if (fields.scrollOffset && dom) Object.assign(result, offsets(builtin?.scroller ?? dom))
  if (fields.context) result.context = builtin?.context()
  if (fields.node) result.node = builtin ? builtin.node() : undefined
  if (fields.ref) result.ref = element
  return result
}

/** Place of an element in CSS px, counted from the page area's corner (below the navigation bar), as on WeChat. */
export function rectIn(page: PageHandle, dom: HTMLElement | undefined): Omit<DOMRectReadOnly, 'x' | 'y' | 'toJSON'> {
  const origin = page.scroller.getBoundingClientRect()
  const box = dom?.getBoundingClientRect() ?? new DOMRect(origin.left, origin.top, 0, 0)
  const left = box.left - origin.left
  const top = box.top - origin.top
  return { left, top, right: left + box.width, bottom: top + box.height, width: box.width, height: box.height }
}
