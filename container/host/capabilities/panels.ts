/** Panels that capabilities share: forms of text fields, file choice, the camera. */
import { button, h } from '../chrome/dom'
import { say } from './strings'
import { cancelled } from './types'
import type { HostCall } from './types'

export interface Field {
  name: string
  label: string
  value?: string
  type?: 'text' | 'number' | 'tel' | 'email'
  required?: boolean
  /** what stands in when nobody is there to answer */
  example?: string
}

export type FormValues = { [name: string]: string }

/** Ask for several texts at once; rejects with "cancel" when dismissed or when a required one is missing. */
export async function askForm(call: HostCall, title: string, fields: Field[]): Promise<FormValues> {
  if (!call.prompt.interactive) {
    if (!(await call.prompt.ask({ kind: 'confirm', title }))) throw cancelled()
    return Object.fromEntries(fields.map(({ name, value, example }) => [name, value || (example ?? '')]))
  }
  const inputs = fields.map(({ name, type = 'text', value = '', required = false }) => {
    const input = h('input', { class: 'field', type, name, required, step: type === 'number' ? 'any' : undefined })
    input.value = value
    return input
  })
  const content = h(
    'div',
    {},
    ...fields.map(({ label }, index) => h('label', { class: 'text' }, label, inputs[index]!)),
  )
  for (;;) {
    if (!(await call.prompt.panel({ title, content, confirmText: say(call, 'confirm') }).done)) throw cancelled()
    if (inputs.every((input) => input.checkValidity())) break
  }
  return Object.fromEntries(inputs.map((input) => [input.name, input.value.trim()]))
}

export interface FileChoice {
  accept: string
  multiple: boolean
  /** open the camera of a phone at once */
  capture?: 'user' | 'environment'
}

/** The browser's file dialog; it opens only right after the person touched something, so a panel may ask for that. */
export async function pickFiles(call: HostCall, { accept, multiple, capture }: FileChoice): Promise<File[]> {
  const input = h('input', { type: 'file', accept, multiple, capture })
  const chosen = new Promise<File[]>((resolve) => {
    input.addEventListener('change', () => resolve([...(input.files ?? [])]))
    input.addEventListener('cancel', () => resolve([]))
  })
  let files: File[]
  if (navigator.userActivation?.isActive) {
    input.click()
    files = await chosen
  } else {
    const title = say(call, 'chooseFile')
    const panel = call.prompt.panel({ title, content: button(title, 'act main', () => input.click()) })
    files = await Promise.race([chosen, panel.done.then(() => [] as File[])])
    panel.close()
  }
  if (files.length === 0) throw cancelled()
  return files
}

/** The camera's picture in an element; undefined when there is none or the person's browser refuses. */
export async function openCamera(
  video: HTMLVideoElement,
  facing: 'user' | 'environment',
): Promise<(() => void) | undefined> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing } })
    video.srcObject = stream
    video.muted = true
    video.playsInline = true
    await video.play()
    return () => stream.getTracks().forEach((track) => track.stop())
  } catch {
    return undefined
  }
}

export const isPhone = (): boolean => matchMedia('(pointer: coarse)').matches

/** Hand a file to the browser's downloads. */
export function download(data: Blob, name: string): void {
  const url = URL.createObjectURL(data)
  h('a', { href: url, download: name }).click()
  // The browser has begun to read by then.
  setTimeout(() => URL.revokeObjectURL(url), 60000)
}
