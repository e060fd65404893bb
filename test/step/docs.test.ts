import { expect, test } from 'vitest'
import { helpGroups } from '../../src/step/key-table.ts'

test('docs/step.md lists the keys of today', async () => {
  const groups = helpGroups().flatMap(({ title, rows }) => [
    `## ${title}`,
    '',
    '| | |',
    '|---|---|',
    ...rows.map(({ keys, help }) => `| \`${keys.replaceAll('|', '\\|')}\` | ${help} |`),
    '',
  ])
  const text = [
    '# Keys and commands of pvefw step',
    '',
    'Made from the table of keys (`src/step/keys.ts`) by `npm run golden`.',
    '',
    ...groups,
  ].join('\n')
  await expect(text).toMatchFileSnapshot('../../docs/step.md')
})
