/** News of builds from the server: /events, and what to do about them. */

/** As `event_of` in src/eden/simulator/program.py gives it. */
export interface Revision {
  revision: number
  /** it is what the server gives from now on; otherwise an earlier one goes on running */
  taken: boolean
  seconds: number
  errors: number
  problems: Problem[]
  /** "PACKAGE/PATH" → SHA-256 of the files that run */
  hashes: { [path: string]: string }
  /** only style sheets changed since the revision before: package → sheet → source */
  styles: { [name: string]: { [sheet: string]: { css: string } } } | null
}

export interface Problem {
  file: string
  line: number
  column: number
  severity: 'error' | 'warning'
  code: string
  message: string
  /** headline and code frame, as in the terminal */
  text: string
}

export type Step =
  /** nothing that runs has changed */
  | { do: 'keep' }
  | { do: 'styles'; sheets: { [sheet: string]: { css: string } } }
  | { do: 'reload' }

/**
 * From what runs (`shown`, undefined: nothing yet) to `next`. `loaded`: packages in the frame. A package that is not
 * loaded yet is fetched later by the hashes known at the start, so a change in one needs a new start.
 */
export function stepTo(shown: Revision | undefined, next: Revision, loaded: readonly string[]): Step {
  if (!next.taken) return { do: 'keep' }
  if (!shown) return { do: 'reload' }
  const { hashes } = next
  const paths = Object.keys(hashes)
  if (paths.length === Object.keys(shown.hashes).length && paths.every((path) => hashes[path] === shown.hashes[path])) return { do: 'keep' }
  const { styles } = next
  if (styles && next.revision === shown.revision + 1 && Object.keys(styles).every((name) => loaded.includes(name))) {
    return { do: 'styles', sheets: Object.assign({}, ...Object.values(styles)) as { [sheet: string]: { css: string } } }
  }
  return { do: 'reload' }
}

/** Listen until the page is left. EventSource connects again by itself. */
export function listen(onRevision: (revision: Revision) => void, onConnection: (connected: boolean) => void): void {
  const source = new EventSource('/events')
  source.addEventListener('revision', ({ data }: MessageEvent<string>) => onRevision(JSON.parse(data) as Revision))
  source.addEventListener('open', () => onConnection(true))
  source.addEventListener('error', () => onConnection(false))
}
