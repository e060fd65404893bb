import { renderSvg } from '../../src/render/svg.ts'
import { frameOf } from '../../src/step/frame.ts'
import { pressed, session, terminalLook } from './sessions.ts'

export type Picture = {
  readonly name: string
  readonly title: string
  readonly keys: readonly string[]
}

/** The pictures of README.md: real frames, after real keys. */
export const PICTURES: readonly Picture[] = [
  {
    name: 'step-trace',
    title:
      'A packet at the rule that drops it: the rules passed over before it with the term that failed',
    keys: ['.'],
  },
  {
    name: 'step-breakpoint',
    title: 'Run to a breakpoint on 105.fw:8',
    keys: [':', ...'break 105.fw:8', 'enter', 'c'],
  },
  {
    name: 'step-what-if',
    title: 'The source address edited: what was dropped is accepted',
    keys: ['.', ':', ...'src 192.168.1.20', 'enter', '.'],
  },
]

const size = { columns: 112, rows: 33 } as const

export function pictureOf({ title, keys }: Picture): string {
  const start = session({
    ...{ root: 'examples/small-office', packet: '192.168.1.53 -> 105:80/tcp' },
    ...{ size, look: { ...terminalLook, colour: true } },
  })
  return renderSvg(frameOf(pressed(start, ...keys)).rows, size.columns, title)
}
