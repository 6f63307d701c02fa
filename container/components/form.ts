/** `<form>`: gathers the values of the named fields in it. */
import type { Element as GlassElement, GeneralComponent, Node as GlassNode } from 'glass-easel'
import { Builtin, builtinOf, hasBehavior, type BuiltinClass } from './kit'

interface FormProps {
  reportSubmit: boolean
  reportSubmitTimeout: number
}

interface Field {
  name: string
  value: unknown
  reset?: () => void
}

export class Form extends Builtin<FormProps> {
  static tag = 'form'
  static override properties = { reportSubmit: Boolean, reportSubmitTimeout: Number }
  static css = 'wx-form{display:block}'

  /** A button of form-type "submit" or "reset" was tapped. */
  act(type: string, button: Builtin): void {
    if (!this.serves(button.component, 'wx://form-field-button')) return
    const target = eventTarget(button)
    if (type === 'submit') this.submit(target)
    else if (type === 'reset') this.reset(target)
  }

  private submit(target: object): void {
    const value: { [name: string]: unknown } = {}
    for (const field of this.fields()) if (field.name) value[field.name] = field.value
    // WeChat has withdrawn form ids; this is what it answers now.
    const formId = this.props.reportSubmit ? { formId: 'requestFormId:fail deprecated' } : {}
    this.trigger('submit', { value, target, ...formId })
  }

  private reset(target: object): void {
    for (const field of this.fields()) field.reset?.()
    this.trigger('reset', { target })
  }

  /** Fields in document order: built-ins, and components with the behaviour wx://form-field. */
  private fields(): Field[] {
    const fields: Field[] = []
    const visit = (node: GlassNode) => {
      const component = asComponent(node)
      const builtin = component && builtinOf(component.getBackendElement() as unknown as Node)
      if (builtin && (builtin.constructor as unknown as BuiltinClass).field) {
        if (this.serves(component, 'wx://form-field-group')) {
          const { name = '' } = builtin.props as { name?: string }
          fields.push({ name, value: builtin.formValue(), reset: () => builtin.formReset() })
        }
        return
      }
      if (component && this.serves(component, 'wx://form-field-group') && hasBehavior(component, 'wx://form-field')) {
        const { name, value } = component.data as { name?: unknown; value?: unknown }
        fields.push({ name: String(name ?? ''), value })
      }
      if (isElement(node)) node.forEachComposedChild((child) => { visit(child) })
    }
    visit(this.component)
    return fields
  }

  /**
   * Is this element one of the form's own? Elements in the shadow tree of a component are not, unless every such
   * component has the behaviour that opens it.
   */
  private serves(element: GlassElement, behaviour: string): boolean {
    const outer = new Set<unknown>()
    for (let root = this.component.ownerShadowRoot; root; root = root.getHostNode().ownerShadowRoot) outer.add(root)
    for (let root = element.ownerShadowRoot; root && !outer.has(root); root = root.getHostNode().ownerShadowRoot) {
      if (!hasBehavior(root.getHostNode(), behaviour)) return false
    }
    return true
  }
}

const isElement = (node: GlassNode): node is GlassElement =>
  typeof (node as GlassElement).forEachComposedChild === 'function'

const asComponent = (node: GlassNode): GeneralComponent | undefined =>
  (typeof (node as GeneralComponent).getRootBehavior === 'function' ? (node as GeneralComponent) : undefined)

/** The button as events name it. */
function eventTarget({ component, host }: Builtin): object {
  return { id: component.id, dataset: { ...component.dataset }, offsetLeft: host.offsetLeft, offsetTop: host.offsetTop }
}
