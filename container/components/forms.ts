/** Form controls and navigation, in the order of their style sheets. */
import { Button } from './button'
import { Checkbox, CheckboxGroup } from './checkbox'
import { Editor } from './editor/editor'
import { Form } from './form'
import { FunctionalPageNavigator } from './functional-page-navigator'
import { Input } from './input'
import { KeyboardAccessory } from './keyboard-accessory'
import type { BuiltinClass } from './kit'
import { Label } from './label'
import { Navigator } from './navigator'
import { Picker } from './picker'
import { PickerView, PickerViewColumn } from './picker-view'
import { Radio, RadioGroup } from './radio'
import { Slider } from './slider'
import { Switch } from './switch'
import { Textarea } from './textarea'

export const FORM_COMPONENTS: BuiltinClass[] = [
  Button, Checkbox, CheckboxGroup, Editor, Form, FunctionalPageNavigator, Input, KeyboardAccessory, Label, Navigator,
  Picker, PickerView, PickerViewColumn, Radio, RadioGroup, Slider, Switch, Textarea,
]
