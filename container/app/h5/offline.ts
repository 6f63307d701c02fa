/** The page in place of one that is not in the package and cannot be reached. */
const WORDS = {
  zh: { lang: 'zh-CN', title: '需要网络', text: '此页面不在离线包中，目前无法连接网络。', again: '重试' },
  en: { lang: 'en', title: 'A network is needed', text: 'This page is not in the offline package, and cannot be reached now.', again: 'Try again' },
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", sans-serif; }
body { display: grid; place-content: center; justify-items: center; min-height: 90vh; margin: 0; padding: 24px; text-align: center; }
h1 { margin: 0 0 8px; font-size: 20px; } p { margin: 0 0 24px; }
a { padding: 10px 28px; border-radius: 8px; background: #0f766e; color: #fff; text-decoration: none; font-weight: 600; }
`

export function offlinePage(language: string, headers: { readonly [name: string]: string }): Response {
  const { lang, title, text, again } = language.toLowerCase().startsWith('zh') ? WORDS.zh : WORDS.en
  const html = `<!doctype html><html lang="${lang}"><meta charset="utf-8">` +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<title>${title}</title><style>${STYLE}</style><body><h1>${title}</h1><p>${text}</p><a href="">${again}</a></body></html>`
  return new Response(html, { status: 503, headers: { ...headers, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' } })
}
