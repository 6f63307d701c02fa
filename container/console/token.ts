/** The page's token, which shows that a request comes from a page of ours. */
export const token = (): string => document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? ''
