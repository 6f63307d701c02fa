// Run by `eden check` in a program's frame, after axe-core: names and roles, which a program's author can mend.
async () => {
  const values = ['button-name', 'image-alt', 'label', 'link-name', 'aria-roles', 'aria-valid-attr',
    'aria-valid-attr-value', 'aria-required-attr', 'aria-hidden-focus', 'input-button-name', 'nested-interactive']
  const { violations } = await axe.run(document, { runOnly: { type: 'rule', values }, resultTypes: ['violations'] })
  return violations.map(({ id, help, nodes }) => ({ id, help, count: nodes.length }))
}
