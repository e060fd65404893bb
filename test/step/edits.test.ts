import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { ask } from '../../src/firewall/ask.ts'
import { lineSpan, quote } from '../../src/source/source-file.ts'
import { answerCommand } from '../../src/step/command-line.ts'
import { editedFiles } from '../../src/step/edits.ts'
import { shownFile } from '../../src/step/rows.ts'
import { verdictSoFar } from '../../src/step/situation.ts'
import { isEdited, momentOf, type StepState } from '../../src/step/state.ts'
import { queryOf } from '../../src/step/what-if.ts'
import { openNode } from '../support/ask.ts'
import { repository, runCli } from '../support/run-cli.ts'
import { runs } from '../support/runs.ts'
import { pressed, session } from './sessions.ts'

const root = 'examples/small-office'
const start = session({ root, packet: '192.168.1.53 -> 105:80/tcp', backend: 'iptables' })
const outcome = (state: StepState): string =>
  verdictSoFar(momentOf(pressed({ ...state, overlay: null, prompt: null, picker: null }, 'G')))
const command = (state: StepState, text: string): StepState => pressed(state, ':', ...text, 'enter')

/** Lines of 105.fw as it is in the session. */
const lines = (state: StepState): readonly string[] => {
  const file = state.setting.firewall.tree.guestFw.get(105)
  if (file === undefined) throw new Error('no 105.fw')
  return Array.from({ length: file.lineStarts.length - 1 }, (_, i) => quote(lineSpan(file, i + 1)))
}
const before = lines(start)

/** The rule that drops, in line 9 of 105.fw, is looked at. */
const there = pressed(start, '.')

describe('a rule', () => {
  test('is switched off and on: only its bar, and the verdict follows', () => {
    const off = pressed(there, 'x')
    expect(lines(off)[8]).toBe(`|${before[8]}`)
    expect(outcome(off)).toBe('accept')
    expect(isEdited(off)).toBe(true)
  })

  test('is moved, and moved back', () => {
    const down = pressed(there, '2', 'J')
    expect([lines(down)[8], lines(down)[9]]).toEqual([before[9], before[8]])
    expect(lines(pressed(down, 'K'))).toEqual(before)
  })

  test('is removed, typed over, and added behind', () => {
    expect(lines(pressed(there, 'X'))).toEqual(before.toSpliced(8, 1))
    const line = 'IN REJECT -source 192.168.1.53'
    const another = pressed(there, 'E', 'ctrl-u', ...line, 'enter')
    expect(lines(another)).toEqual(before.with(8, line))
    expect(outcome(another)).toBe('reject')
    const added = pressed(there, 'a', ...'IN DROP -p udp', 'enter')
    expect(lines(added)).toEqual(before.toSpliced(9, 0, 'IN DROP -p udp'))
  })

  test('that is none stays to be put right', () => {
    const wrong = pressed(there, 'E', 'ctrl-u', ...'IN NONSENSE', 'enter')
    expect(wrong.prompt?.line.text).toBe('IN NONSENSE')
    expect(wrong.message?.kind).toBe('error')
    expect(lines(wrong)).toEqual(before)
  })

  test('of a security group is edited in cluster.fw', () => {
    const group = command(start, 'packet 192.168.1.20 -> 105:9100/tcp')
    const inGroup = command(group, 'run cluster.fw:18')
    const shown = shownFile(inGroup)
    const off = pressed(inGroup, 'x')
    const after = off.setting.firewall.tree.clusterFw
    expect(off.message?.text).toContain('group/monitoring')
    expect(shown?.file.path).toBe('etc/pve/firewall/cluster.fw')
    if (after === null) throw new Error('no cluster.fw')
    expect(quote(lineSpan(after, shown?.line ?? 1))).toMatch(/^\|/)
  })
})

describe('edits', () => {
  test('are taken back one by one, a line that was typed over at once', () => {
    const two = pressed(
      pressed(there, 'x'),
      'G',
      '2',
      'E',
      'ctrl-u',
      ...'IN ACCEPT -p tcp',
      'enter',
    )
    expect(lines(two)).not.toEqual(lines(pressed(there, 'x')))
    const one = pressed(two, 'U')
    expect(lines(one)).toEqual(lines(pressed(there, 'x')))
    const none = pressed(one, 'U')
    expect(lines(none)).toEqual(before)
    expect(isEdited(none)).toBe(false)
    expect(pressed(none, 'U').message?.kind).toBe('error')
  })

  test('stay when the backend or the packet is another', () => {
    const off = pressed(there, 'x', 'B')
    expect(off.setting.firewall.backend).toBe('nftables')
    expect(outcome(off)).toBe('accept')
    expect(
      lines(pressed(off, '3', 'j', 'j', 'j', 'j', 'j', 'e', 'ctrl-u', ...'50000', 'enter'))[8],
    ).toBe(`|${before[8]}`)
  })

  test('of options are those of the command line', () => {
    expect(outcome(command(start, 'set 105.enable=0'))).toBe('accept')
    expect(outcome(command(start, 'disable 105'))).toBe('accept')
    expect(outcome(command(start, 'add 105:IN REJECT'))).toBe('reject')
    const wrong = command(start, 'set 105.nonsense=1')
    expect(wrong.message?.kind).toBe('error')
  })

  test('are in the command line that is shown, whose answer is the same', async () => {
    const edited = pressed(there, 'x', '2', 'J')
    const words = answerCommand(edited).match(/'(?:[^']|'\\'')*'|\S+/g) ?? []
    const argv = words.slice(1).map((word) => word.replace(/^'(.*)'$/, '$1'))
    const { stdout } = await runCli([...argv, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ verdict: outcome(edited) })
  })

  test('are written below a directory, and nothing where there are none', () => {
    const asked = pressed(there, 'x', 'w', ...'/tmp/elsewhere', 'enter')
    expect(asked.writing).toEqual({
      directory: '/tmp/elsewhere',
      files: { 'etc/pve/firewall/105.fw': `${lines(pressed(there, 'x')).join('\n')}\n` },
    })
    expect(pressed(there, 'w', ...'/tmp/elsewhere', 'enter').message?.kind).toBe('error')
  })
})

const copies = mkdtempSync(join(tmpdir(), 'pvefw-step-'))
afterAll(() => rmSync(copies, { recursive: true, force: true }))

/** Random edits: keys upon any row of 105.fw, and lines typed anew. */
const edits = fc.array(
  fc.tuple(
    fc.integer({ min: 6, max: 11 }),
    fc.oneof(
      fc.constantFrom(['x'], ['X'], ['J'], ['K'], ['U'], ['B']),
      fc
        .tuple(
          fc.constantFrom('a', 'E'),
          fc.constantFrom('IN DROP', 'IN ACCEPT -p tcp -dport 80', '|OUT REJECT', 'IN SSH(REJECT)'),
        )
        .map(([key, line]) => [key, 'ctrl-u', ...line, 'enter', 'escape']),
    ),
  ),
  { minLength: 1, maxLength: 6 },
)

test('edits in a session are the same edits in files', () => {
  let count = 0
  fc.assert(
    fc.property(edits, (made) => {
      let state = pressed(start, 'G')
      for (const [row, keys] of made) {
        state = { ...command(state, 'file 105.fw'), rows: { ...state.rows, source: row } }
        state = pressed({ ...state, pane: 'source' }, ...keys)
      }
      const directory = join(copies, String(count))
      count += 1
      cpSync(join(repository, root), directory, { recursive: true })
      for (const { path, text } of editedFiles(state))
        writeFileSync(join(directory, path), text, 'latin1')
      const { backend } = state.setting.firewall
      const asked = ask(openNode(directory, 'office', backend), queryOf(state.setting))
      expect(outcome(state)).toBe(asked.kind === 'traced' ? asked.trace.outcome : 'refused')
    }),
    { numRuns: runs(60) },
  )
})
