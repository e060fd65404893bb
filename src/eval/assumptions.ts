import { FIELD_NAMES, type FieldName } from '../netfilter/field.ts'
import type { Match } from '../netfilter/match.ts'
import type { Rule, Statement } from '../netfilter/ruleset.ts'
import type { Attempt, Found } from './attempt.ts'
import type { Fork } from './doubt.ts'
import { TEST, type Test } from './statement.ts'
import type { Assumption, Question } from './trace.ts'

/**
 * Everything that was taken for granted on the way to an answer. `found` is null where nothing was unknown; an unknown
 * that decides comes last.
 */
export function assumptionsOf(
  { path }: Question,
  { assumed, forks }: Attempt,
  found: Found | null,
): readonly Assumption[] {
  const list: Assumption[] = path.assumptions.map((text) => ({ kind: 'path', text, rule: null }))
  const seen = new Set<Rule>()
  for (const { kind, rule } of assumed) {
    if (seen.has(rule)) continue
    seen.add(rule)
    list.push({ kind, text: takenText(kind, rule), rule })
  }
  if (found !== null) {
    const pivot = found.pivot === null ? undefined : forks[found.pivot]
    const unknown = pivot === undefined ? sameWhatever(forks) : decides(pivot, found.gaveUp)
    if (unknown !== null) list.push(unknown)
  }
  return list
}

function takenText(kind: Assumption['kind'], rule: Rule): string {
  if (kind === 'limit') {
    const term = rule.body.find(isLimit)
    return `the limit of \`${term?.text ?? rule.text.trim()}\` is not exceeded`
  }
  const { text = '' } = rule.body.at(-1) ?? {}
  const bypass = rule.body.some(
    (statement) =>
      statement.kind === 'verdict' &&
      statement.verdict.kind === 'queue' &&
      statement.verdict.bypass,
  )
  return bypass
    ? `no program listens to the queue of \`${text}\`, so the packet is accepted there`
    : `no program listens to the queue of \`${text}\`, so the packet is dropped there`
}

function isLimit(statement: Statement): boolean {
  return statement.kind === 'match' && statement.match.kind === 'limit'
}

/** The term whose answer is not known and would change the verdict. */
function decides({ rule, test }: Fork, gaveUp: boolean): Assumption {
  if (test === null) {
    const nat = rule.body.find((statement) => statement.kind === 'nat')
    if (nat !== undefined) {
      const sent = `\`${nat.text}\` gives the packet another destination: ask about the packet that goes there`
      return { kind: 'other', text: sent, rule }
    }
    const text = `what \`${rule.body.at(-1)?.text ?? rule.text.trim()}\` does is beyond what can be evaluated`
    return { kind: 'other', text, rule }
  }
  const term = termOf(rule, test)
  if (gaveUp) {
    const text = `too much is not known to try every case, beginning with \`${term}\``
    return { kind: 'unknown-field', text, rule }
  }
  const fields = fieldsOf(test)
  if (fields.length === 0)
    return { kind: 'other', text: `whether \`${term}\` matches cannot be evaluated`, rule }
  const text = `whether \`${term}\` matches decides, and ${listWords(fields)} not known`
  return { kind: fields.includes('ct state') ? 'state' : 'unknown-field', text, rule }
}

/** Fields were asked that are not known, and their answers changed nothing. */
function sameWhatever(forks: readonly Fork[]): Assumption | null {
  const fields = new Set(forks.flatMap(({ test }) => (test === null ? [] : fieldsOf(test))))
  if (fields.size === 0) {
    const [first] = forks
    if (first === undefined) return null
    const text = `the answer is the same whether \`${first.test === null ? first.rule.text.trim() : termOf(first.rule, first.test)}\` matches or not`
    return { kind: 'other', text, rule: first.rule }
  }
  const words = [...fields].map((field) => WORDS[field] ?? field)
  return {
    kind: 'unknown-field',
    text: `the answer is the same whatever ${words.join(' and ')} is`,
    rule: null,
  }
}

function termOf(rule: Rule, test: Test): string {
  const term = rule.body.find(
    (statement) => statement.kind === 'match' && holdsMatch(statement.match, test.match),
  )
  return term?.text ?? rule.text.trim()
}

function holdsMatch(whole: Match, part: Match): boolean {
  return (
    whole === part ||
    (whole.kind === 'all-of' && whole.matches.some((inner) => holdsMatch(inner, part)))
  )
}

function fieldsOf(test: Test): readonly FieldName[] {
  if (test.kind === TEST.opaque || test.kind === TEST.limit) return []
  if (test.parts.length > 0) return test.parts.flatMap(fieldsOf)
  const slots = test.slots.length > 0 ? test.slots : [test.slot]
  return slots.flatMap((slot) => FIELD_NAMES[slot] ?? [])
}

function listWords(fields: readonly FieldName[]): string {
  const words = [...new Set(fields)].map((field) => WORDS[field] ?? field)
  return `${words.join(' and ')} ${words.length === 1 ? 'is' : 'are'}`
}

const WORDS: Readonly<Partial<Record<FieldName, string>>> = {
  'ether saddr': 'the source MAC address',
  'ether daddr': 'the destination MAC address',
  'arp saddr ether': 'the MAC address in the ARP packet',
  'arp saddr ip': 'the sender address of the ARP packet',
  'arp daddr ip': 'the target address of the ARP packet',
  'ip saddr': 'the source address',
  'ip6 saddr': 'the source address',
  'ip daddr': 'the destination address',
  'ip6 daddr': 'the destination address',
  'th sport': 'the source port',
  'th dport': 'the destination port',
  'tcp flags': 'which TCP flags are set',
  'icmp type': 'the ICMP type',
  'icmp code': 'the ICMP code',
  'icmpv6 type': 'the ICMP type',
  'icmpv6 code': 'the ICMP code',
  'meta pkttype': 'the packet type',
  'fib saddr type': 'the type of the source address',
  'fib daddr type': 'the type of the destination address',
  'ct state': 'the connection state',
}
