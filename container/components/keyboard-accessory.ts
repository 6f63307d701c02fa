/** `<keyboard-accessory>`: a bar above the keyboard while the input or textarea around it has the focus. */
import css from './keyboard-accessory.css'
import { Builtin } from './kit'

export class KeyboardAccessory extends Builtin {
  static tag = 'keyboard-accessory'
  static css = css

  /** A press on the bar must not take the focus from the field. */
  override create(): void {
    this.host.addEventListener('mousedown', (event) => event.preventDefault())
  }
}
