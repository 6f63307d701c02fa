/** Files that a module may import as text (tools/bundle.mjs). */
declare module '*.css' {
  const text: string
  export default text
}
declare module '*.svg' {
  const text: string
  export default text
}
declare module '*.html' {
  const text: string
  export default text
}
