/** docs/compatibility.md as text. */
const MARKS = { yes: 'yes', partial: 'partly', no: 'no' }

const GROUPS = {
  base: 'Basics',
  route: 'Routing',
  share: 'Sharing',
  ui: 'User interface',
  network: 'Network',
  storage: 'Storage',
  payment: 'Payment',
  'data-analysis': 'Analysis',
  canvas: 'Canvas',
  media: 'Media',
  location: 'Location',
  file: 'Files',
  'open-api': 'Open interfaces',
  device: 'Device',
  ai: 'AI',
  worker: 'Workers',
  wxml: 'WXML',
  ad: 'Advertisements',
  ext: 'Third-party platforms',
  skyline: 'Skyline',
  xr: 'XR',
  navigate: 'Other mini programs',
  chattool: 'Chat tools',
  window: 'Window',
}

const count = (rows, state) => rows.filter((row) => row.state === state).length
const cell = (text) => text.replace(/\|/g, '\\|')

function sections(rows, title, code) {
  const groups = groupRows(rows)
  return [...groups]
    .map(([name, members]) =>
      [
        `### ${title(name)}`,
        '',
        '| | works | |',
        '|---|---|---|',
        ...members.map((row) => {
          const name = row.link ? `[${code(row.name)}](${row.link})` : code(row.name)
          return `| ${name} | ${MARKS[row.state]} | ${cell(row.note)} |`
        }),
        '',
      ].join('\n'),
    )
    .join('\n')
}

function groupRows(rows) {
  const groups = new Map()
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row])
  return groups
}

const summary = (rows) =>
  `${count(rows, 'yes')} work, ${count(rows, 'partial')} work partly, ${count(rows, 'no')} do not`

export function compatibility(apis, components) {
  return `# Compatibility

What Eden has of WeChat's mini-program platform. This page is written by \`container/compat/generate.mjs\` from
\`miniprogram-api-typings\` and from the code; do not edit it.

- **yes**: works as documented. **partly**: there, with the difference named. **no**: the function exists, fails with
  \`NAME:fail not supported\`, and \`wx.canIUse\` is false; a component shows its children as a plain box.
- What needs the host (a scanner, payment, the person's data) works as far as the host that embeds Eden answers; the
  phone of \`eden dev\` answers everything that a browser can.

| | |
|---|---|
| API (${apis.length}) | ${summary(apis)} |
| components (${components.length}) | ${summary(components)} |

## Components

${sections(
  components,
  (name) => name,
  (name) => `\`<${name}>\``,
)}
## API

${sections(
  [...apis].sort((a, b) => order(a) - order(b)),
  (name) => GROUPS[name] ?? name,
  (name) => `\`wx.${name}\``,
)}`
}

const ORDER = Object.keys(GROUPS)
const order = (row) => (ORDER.includes(row.group) ? ORDER.indexOf(row.group) : ORDER.length)
