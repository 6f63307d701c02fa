/** `<keyboard-accessory>`: a bar above the keyboard while the input or textarea around it has the focus. */
import { Builtin } from './kit'

export class KeyboardAccessory extends Builtin {
  static tag = 'keyboard-accessory'
  static css = `wx-keyboard-accessory{display:none}
:where(wx-input,wx-textarea):focus-within wx-keyboard-accessory{display:block;position:fixed;left:0;right:0;bottom:0;z-index:999}`

  /** A press on the bar must not take the focus from the field. */
  override create(): void {
    this.host.addEventListener('mousedown', (event) => event.preventDefault())
  }
}
