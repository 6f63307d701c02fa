/** A page of docs, as text, for the test that compares it with the code. */
declare module '*.md?raw' {
  const text: string
  export default text
}
