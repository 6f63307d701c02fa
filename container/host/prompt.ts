/**
 * Questions that the phone asks the person on behalf of a mini program.
 *
 * A capability asks by `prompter.ask(question)`; the phone shows a bottom sheet over the frame, where the mini
 * program cannot reach, and resolves with the answer. Every question can be dismissed; a dismissed question is
 * answered like a refused one. Questions of one program are shown one after the other.
 */

/** May the program use this scope? The host asks it itself before a call that needs a scope; see scopes.ts. */
export interface PermissionQuestion {
  kind: 'permission'
  scope: string
  /** what will be used, in the person's words: "Your location" */
  title: string
  /** the program's reason from its manifest; may be empty */
  reason: string
}

export interface LoginQuestion {
  kind: 'login'
  title: string
  /** what the program gets: nickname, avatar, phone number … */
  items: string[]
}

export interface ConfirmQuestion {
  kind: 'confirm'
  title: string
  content?: string
  confirmText?: string
  cancelText?: string
}

/** One of a few actions, as in an action sheet. */
export interface ChooseQuestion {
  kind: 'choose'
  title?: string
  items: string[]
}

/** Any number of a list of things (addresses, files, devices). */
export interface ListQuestion {
  kind: 'list'
  title: string
  items: { text: string; detail?: string; checked?: boolean }[]
  /** false: exactly one may be chosen */
  multiple: boolean
  confirmText?: string
}

export interface TextQuestion {
  kind: 'text'
  title: string
  value?: string
  placeholder?: string
  maxLength?: number
  type?: 'text' | 'number' | 'tel' | 'password' | 'url'
  /** a form of several lines */
  multiline?: boolean
}

export type Question =
  | PermissionQuestion
  | LoginQuestion
  | ConfirmQuestion
  | ChooseQuestion
  | ListQuestion
  | TextQuestion

export interface Answers {
  permission: boolean
  login: boolean
  confirm: boolean
  /** index, -1 when dismissed */
  choose: number
  /** indexes, null when dismissed */
  list: number[] | null
  /** null when dismissed */
  text: string | null
}

/** A panel with the capability's own content (camera picture, map, file input). */
export interface Panel {
  title: string
  content: HTMLElement
  /** the whole screen instead of a bottom sheet */
  fullScreen?: boolean
  /** label of the button that confirms; without it the panel only has "close" */
  confirmText?: string
}

export interface OpenPanel {
  /** true: confirmed, false: dismissed or closed by `close` */
  done: Promise<boolean>
  close(): void
}

export interface Prompter {
  ask<Q extends Question>(question: Q): Promise<Answers[Q['kind']]>
  panel(panel: Panel): OpenPanel
  /** false: nobody is there to answer (`eden check`); capabilities then use a stand-in instead of a panel */
  readonly interactive: boolean
}

/** How questions are answered: by the person, or always yes or no (`eden check`). */
export type PromptPolicy = 'ask' | 'grant' | 'refuse'

/** The answer of a policy: the first or preset choice when granting, dismissal when refusing. */
export function automaticAnswer<Q extends Question>(question: Q, grant: boolean): Answers[Q['kind']]
export function automaticAnswer(question: Question, grant: boolean): Answers[Question['kind']] {
  switch (question.kind) {
    case 'choose':
      return grant && question.items.length > 0 ? 0 : -1
    case 'list': {
      if (!grant) return null
      const preset = question.items.flatMap((item, index) => (item.checked ? [index] : []))
      return preset.length > 0 ? preset : question.items.slice(0, 1).map((_, index) => index)
    }
    case 'text':
      return grant ? question.value ?? '' : null
    default:
      return grant
  }
}
