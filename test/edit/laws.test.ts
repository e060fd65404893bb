import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startReading } from '../../src/config/dialect/iptables/reading.ts'
import { splicesOf } from '../../src/edit/change.ts'
import type { Change } from '../../src/edit/edit.ts'
import { fileOf, inverse, linesOf, spliced } from '../../src/edit/edited-text.ts'
import { type OpenedFw, openFw, type RuleList, rulesOf } from '../../src/edit/opened.ts'
import { isWrong } from '../../src/edit/problem.ts'
import { fieldsOf, showRule } from '../../src/edit/rule-text.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { clusterText } from '../support/arbitraries/fw-text.ts'
import '../support/fixed-seed.ts'
import { probeTree } from '../support/probe-tree.ts'
import { runs } from '../support/runs.ts'

const reading = startReading(probeTree({ files: {} }), new Map(), 0)
const open = (text: string): OpenedFw =>
  openFw(sourceFile('cluster.fw', text), 'cluster', null, reading)
const own: RuleList = { kind: 'rules' }

/** The rules of a list as the API would list them. */
function listed(opened: OpenedFw, list: RuleList): readonly string[] {
  const rules = rulesOf(opened, list)
  return isWrong(rules) ? [] : rules.map((rule) => showRule(fieldsOf(rule), false))
}

/** The text after a change; null where it makes no sense there. */
function changed(text: string, change: Exclude<Change, { kind: 'nic' }>): string | null {
  const opened = open(text)
  const splices = splicesOf(opened, change, '--test')
  return isWrong(splices) ? null : fileOf(spliced(opened.text, splices)).text
}

const rule = fc.constantFrom(
  'IN DROP -p tcp -dport 22',
  '|OUT ACCEPT -dest 10.0.0.0/8 # later',
  'FORWARD DROP',
)
const list = fc.constantFrom<RuleList>(own, own, { kind: 'group', name: 'web' })
const position = fc.nat({ max: 8 })
const change = fc.oneof(
  fc.record({
    kind: fc.constant('option' as const),
    key: fc.constantFrom('enable', 'policy_in', 'ebtables'),
    value: fc.constantFrom('1', 'DROP', null),
  }),
  fc.record({ kind: fc.constant('insert-rule' as const), list, position, line: rule }),
  fc.record({ kind: fc.constant('replace-rule' as const), list, position, line: rule }),
  fc.record({ kind: fc.constant('remove-rule' as const), list, position }),
  fc.record({ kind: fc.constant('move-rule' as const), list, position, before: position }),
  fc.record({ kind: fc.constant('toggle-rule' as const), list, position, on: fc.boolean() }),
)

const many = { numRuns: runs(2000) }

describe('edits of a text', () => {
  it('are taken back to the same bytes by their inverse', () => {
    fc.assert(
      fc.property(clusterText, change, (text, asked) => {
        const opened = open(text)
        const splices = splicesOf(opened, asked, '--test')
        if (isWrong(splices)) return
        const after = spliced(opened.text, splices)
        expect(fileOf(spliced(after, inverse(splices))).text).toBe(text)
        expect(spliced(after, inverse(splices))).toEqual(opened.text)
      }),
      many,
    )
  })

  it('leave every line that they do not name as it was, in its order', () => {
    fc.assert(
      fc.property(clusterText, change, (text, asked) => {
        const opened = open(text)
        const splices = splicesOf(opened, asked, '--test')
        if (isWrong(splices)) return
        const kept = fileOf(spliced(opened.text, splices))
        const before = linesOf(sourceFile('cluster.fw', text)).lines
        let last = 0
        for (const line of linesOf(kept).lines) {
          if (line.note !== null) continue
          const was = line.was ?? 0
          expect(was).toBeGreaterThan(last)
          // the last line of a file may get the newline it lacked
          expect(line.text.replace(/\n$/, '')).toBe(before[was - 1]?.text.replace(/\n$/, ''))
          last = was
        }
        const named = asked.kind === 'option' ? before.length : 1
        const gone = before.length - linesOf(kept).lines.filter(({ was }) => was !== null).length
        expect(gone).toBeLessThanOrEqual(named)
      }),
      many,
    )
  })

  it('make the rules that the list would have', () => {
    fc.assert(
      fc.property(clusterText, list, position, position, rule, (text, of, at, before, line) => {
        const rules = listed(open(text), of)
        const has = !isWrong(rulesOf(open(text), of))
        const inserted = changed(text, { kind: 'insert-rule', list: of, position: at, line })
        if (!has || at > rules.length) expect(inserted).toBeNull()
        else expect(listed(open(inserted ?? ''), of)).toEqual(rules.toSpliced(at, 0, line))
        const removed = changed(text, { kind: 'remove-rule', list: of, position: at })
        const moved = changed(text, { kind: 'move-rule', list: of, position: at, before })
        if (at >= rules.length) {
          expect(removed).toBeNull()
          expect(moved).toBeNull()
          return
        }
        expect(listed(open(removed ?? ''), of)).toEqual(rules.toSpliced(at, 1))
        // as PVE::API2::Firewall::RulesBase builds its new list
        const expected = rules.flatMap((one, index) =>
          index === at ? [] : index === before ? [rules[at], one] : [one],
        )
        if (before >= rules.length) expected.push(rules[at])
        if (before !== at) expect(listed(open(moved ?? ''), of)).toEqual(expected)
      }),
      many,
    )
  })

  it('set an option for whoever reads the file, and take it out again', () => {
    const key = fc.constantFrom('enable', 'ebtables')
    fc.assert(
      fc.property(clusterText, key, fc.constantFrom('0', '1'), (text, name, value) => {
        const set = changed(text, { kind: 'option', key: name, value }) ?? ''
        expect(open(set).file.options.get(name)?.value).toBe(value)
        const others = [...open(text).file.options].filter(([other]) => other !== name)
        for (const [other, { value: same }] of others)
          expect(open(set).file.options.get(other)?.value).toBe(same)
        const deleted = changed(set, { kind: 'option', key: name, value: null }) ?? ''
        expect(open(deleted).file.options.has(name)).toBe(false)
      }),
      many,
    )
  })

  it('toggle a rule twice to the same bytes', () => {
    fc.assert(
      fc.property(clusterText, list, position, (text, of, at) => {
        const rules = rulesOf(open(text), of)
        const found = isWrong(rules) ? undefined : rules[at]
        if (found === undefined) return
        const toggle = (from: string, on: boolean): string =>
          changed(from, { kind: 'toggle-rule', list: of, position: at, on }) ?? ''
        const once = toggle(text, !found.enabled)
        expect(once).not.toBe(text)
        expect(toggle(once, found.enabled)).toBe(text)
      }),
      many,
    )
  })

  it('write a rule as it is read', () => {
    fc.assert(
      fc.property(clusterText, (text) => {
        for (const one of open(text).file.rules) {
          const line = showRule(fieldsOf(one), false)
          const again = open(`[RULES]\n${line}\n`).file.rules
          expect(again.map((read) => fieldsOf(read))).toEqual([fieldsOf(one)])
        }
      }),
      many,
    )
  })
})
