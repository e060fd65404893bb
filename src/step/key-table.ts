import { COMMANDS } from './commands.ts'
import { FIELDS } from './fields.ts'
import { BINDINGS, type Binding, keyName } from './keys.ts'

/** One row of the help: what is pressed or typed, and what it does. */
export type HelpRow = { readonly keys: string; readonly help: string }

export type HelpGroup = { readonly title: string; readonly rows: readonly HelpRow[] }

/** All keys and commands by what they are for: `?`, the man page and docs/step.md are made of it. */
export function helpGroups(): readonly HelpGroup[] {
  const titles = [...new Set(BINDINGS.map(({ group }) => group))]
  return [
    ...titles.map((title) => ({
      title,
      rows: BINDINGS.filter((one) => one.group === title).map(rowOf),
    })),
    {
      title: 'Commands',
      rows: [
        ...COMMANDS.map(({ name, words, help }) => ({ keys: `:${name} ${words}`.trim(), help })),
        {
          keys: ':FIELD VALUE',
          help: `${FIELDS.map(({ label }) => label).join(', ')} of the packet; without a value whatever is usual`,
        },
      ],
    },
  ]
}

function rowOf({ keys, help }: Binding): HelpRow {
  return { keys: keys.map(keyName).join(', '), help }
}
