/** The sentences of the scripts, in the page's language (template#words of console/document.html). */

export type Word =
  | 'copied' | 'copy-failed' | 'offline' | 'online' | 'request-failed'
  | 'upload-failed' | 'upload-done' | 'remaining' | 'too-many'

export function word(name: Word): string {
  return document.getElementById('words')?.getAttribute(`data-${name}`) ?? ''
}

/** The page's language, for Intl. */
export const language = (): string => document.documentElement.lang || 'en'
