/** What new content needs, at start and after every exchange of a region. */
import { countCharacters } from './forms'
import { followTails } from './tail'
import { localiseTimes } from './time'

/** Charts that are on the page; the chunk with ECharts is fetched when the first one is. */
export async function enhance(root: Element): Promise<void> {
  localiseTimes(root)
  countCharacters(root)
  followTails()
  // of a row that moves, the present one is in sight
  root.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  if (document.querySelector('[data-plot]')) {
    const { drawPlots } = await import('./plot')
    drawPlots()
  }
}
