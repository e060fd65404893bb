import { describe, expect, test } from 'vitest'
import type { Look } from '../../src/render/look.ts'
import { showLines } from '../../src/render/show.ts'
import { frameOf } from '../../src/step/frame.ts'
import { plainFrame } from '../../src/step/plain.ts'
import type { StepState } from '../../src/step/state.ts'
import { pressed, session, terminalLook } from './sessions.ts'

const sizes = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 200, rows: 60 },
] as const

/** Named situations: keys from the first moment of the shop's packet. */
const situations: Readonly<Record<string, readonly string[]>> = {
  start: [],
  'in-a-chain': ['v', 'M'],
  missed: ['v', 'M', 'S'],
  verdict: ['v'],
  breakpoint: ['v', 'M', 'S', 'b', 'g', 'c'],
  typing: ['3', 'j', 'j', 'e', 'ctrl-u', ...'192.168.1.20'],
  edited: ['v', '3', 'j', 'j', 'e', 'ctrl-u', ...'192.168.1.20', 'enter'],
  refused: ['3', 'j', 'j', 'e', 'ctrl-u', ...'nobody', 'enter'],
  help: ['?'],
  command: ['v', 'M', 'b', 'y'],
}

const at = (size: (typeof sizes)[number], look: Look): StepState =>
  session({
    root: 'examples/small-office',
    packet: '192.168.1.53 -> 105:80/tcp',
    backend: 'iptables',
    size,
    look,
  })

const shown = ({ rows }: ReturnType<typeof frameOf>, look: Look): string =>
  showLines(rows, { ...look, width: null })

describe.each(sizes)('$columns x $rows', (size) => {
  test.each(Object.entries(situations))('%s', async (name, keys) => {
    const look = terminalLook
    const text = shown(frameOf(pressed(at(size, look), ...keys)), look)
    await expect(text).toMatchFileSnapshot(`golden/${name}-${size.columns}x${size.rows}.txt`)
  })

  test.each(['in-a-chain', 'verdict'] as const)('%s with colours', async (name) => {
    const look = { ...terminalLook, colour: true }
    const text = shown(frameOf(pressed(at(size, look), ...(situations[name] ?? []))), look)
    await expect(text).toMatchFileSnapshot(`golden/${name}-${size.columns}x${size.rows}.ansi`)
  })
})

test('without UTF-8 a frame is ASCII and as wide', async () => {
  const look = { ...terminalLook, unicode: false }
  const text = shown(frameOf(pressed(at(sizes[1], look), 'v', 'M')), look)
  expect(text).toMatch(/^[\x20-\x7e\n]*$/)
  await expect(text).toMatchFileSnapshot('golden/in-a-chain-ascii.txt')
})

test('a terminal that is too small is told what is needed', () => {
  const small = { columns: 40, rows: 12 } as const
  const state = { ...at(sizes[0], terminalLook), size: small }
  const text = shown(frameOf(state), terminalLook)
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    'pvefw step needs 60 columns and 16 rows; this terminal has 40 and 12. q leaves.',
  )
})

test('for a screen reader the same is said in sentences', async () => {
  const state = at(sizes[0], terminalLook)
  const path = ['', 's', 's', 'm', 'v', 'M', 'S', '3', '2', '4', '5']
  let now = state
  const said = path.map((key) => {
    if (key !== '') now = pressed(now, key)
    return `> ${key}\n${shown(plainFrame(now), terminalLook)}`
  })
  await expect(said.join('\n')).toMatchFileSnapshot('golden/plain.txt')
})
