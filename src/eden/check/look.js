// Run by `eden check` in a program's frame: what is on the page in front. Shadow roots are walked, hidden pages
// left out. `hash` changes when any text does.
() => {
  const front = [...document.querySelectorAll('.eden-page')].find((page) => !page.hasAttribute('data-away'))
  const seen = { nodes: 0, text: 0, pictures: 0, boxes: 0, hash: 0 }
  const PICTURE = /^(IMG|CANVAS|VIDEO|SVG|INPUT|TEXTAREA|WX-(IMAGE|CANVAS|MAP|VIDEO|CAMERA|WEB-VIEW))$/i
  const CLEAR = /^(transparent|rgba\(\d+, \d+, \d+, 0\))$/
  const visible = (element) => {
    const { width, height } = element.getBoundingClientRect()
    return width > 1 && height > 1
  }
  const painted = (element) => {
    const { backgroundImage, backgroundColor, borderTopWidth, borderBottomWidth } = getComputedStyle(element)
    return backgroundImage !== 'none' || !CLEAR.test(backgroundColor) || parseFloat(borderTopWidth) > 0
      || parseFloat(borderBottomWidth) > 0
  }
  const readText = (node) => {
    const text = node.data.trim()
    if (!text || node.parentElement?.checkVisibility() === false) return
    seen.text += text.length
    for (let i = 0; i < text.length; i += 1) seen.hash = (seen.hash * 31 + text.charCodeAt(i)) | 0
  }
  const readElement = (element) => {
    const { tagName } = element
    if (tagName === 'STYLE' || tagName === 'SCRIPT') return
    seen.nodes += 1
    if (PICTURE.test(tagName)) seen.pictures += visible(element) ? 1 : 0
    // A few painted boxes are proof enough; computed styles are dear.
    else if (seen.boxes < 3 && tagName !== 'WX-PAGE' && visible(element) && painted(element)) seen.boxes += 1
    if (element.shadowRoot) walk(element.shadowRoot)
    walk(element)
  }
  const walk = (root) => {
    for (const node of root.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) readText(node)
      else if (node.nodeType === Node.ELEMENT_NODE) readElement(node)
    }
  }
  for (const body of front?.querySelectorAll('.eden-body') ?? []) if (body.shadowRoot) walk(body.shadowRoot)
  return seen
}
