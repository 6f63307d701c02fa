/** Icons of the tool bar; constant markup of our own. */
const icon = (paths: string): string =>
  `<svg width="18" height="18" viewBox="0 0 18 18" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths}</svg>`

export const ICONS = {
  back: icon('<path d="M11 3.5 5.5 9l5.5 5.5"/>'),
  rotate: icon('<rect x="2.5" y="6.5" width="9" height="9" rx="1.5"/><path d="M8 2.5h3.5a4 4 0 0 1 4 4V9m-2-2 2 2 2-2"/>'),
  dark: icon('<path d="M14.5 10.6A6 6 0 0 1 7.4 3.5a6 6 0 1 0 7.1 7.1Z"/>'),
  restart: icon('<path d="M14.5 9a5.5 5.5 0 1 1-1.6-3.9L14.5 6.700M14.5 3v3.700h-3.7"/>'),
  phone: icon('<rect x="2.5" y="2.5" width="5" height="5" rx="1"/><rect x="10.5" y="2.5" width="5" height="5" rx="1"/><rect x="2.5" y="10.5" width="5" height="5" rx="1"/><path d="M10.5 10.500h2v2M15.5 10.500v1M10.5 15.500h1M14 15.500h1.500V14"/>'),
  mark: '<svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" fill="#0f766e"/><rect x="10.5" y="6" width="11" height="20" rx="3" fill="none" stroke="#fff" stroke-width="2"/><path d="M14.5 22.500h3" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>',
}
