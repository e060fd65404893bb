import type { Chain, Rule, Table } from '../netfilter/ruleset.ts'
import { align } from './align.ts'
import { count, type Difference, difference, type Foreign, firstOrigin } from './difference.ts'
import { isOwnChain } from './ownership.ts'
import { ruleKey } from './rule-key.ts'

/** What a comparison found. */
export type Findings = { readonly differences: Difference[]; readonly foreign: Foreign[] }

/** A table as the configuration wants it and as the node has it. */
export type Pair = {
  readonly wanted: Table
  readonly held: Table
  /** As people call it. */
  readonly name: string
  /** Nobody else has rules in it; else chains tell by their names whose they are. */
  readonly isOwn: boolean
}

/** Compares the chains of a table and their rules. Cost: n log n in the rules. */
export function compareChains(pair: Pair, findings: Findings): void {
  const { wanted, held, name: table, isOwn } = pair
  for (const chain of wanted.chains.values()) {
    const other = held.chains.get(chain.name)
    if (other !== undefined) compareChain(pair, chain, other, findings)
    else if (isOwn || chain.base === null || chain.rules.length > 0)
      reportMissing(table, chain, findings)
  }
  for (const chain of held.chains.values()) {
    if (wanted.chains.has(chain.name)) continue
    const text = count(chain.rules.length, 'rule')
    const found = firstOrigin(chain.rules)
    const { name } = chain
    if (isOwn || isOwnChain(name))
      findings.differences.push(
        difference({ what: 'chain', change: 'extra', table, name, text, found }),
      )
    else if (chain.base === null || chain.rules.length > 0)
      findings.foreign.push({ what: 'chain', table, name, text, found })
  }
}

/** A chain the node has not: it and each of its rules. */
function reportMissing(table: string, chain: Chain, { differences }: Findings): void {
  const { name, rules } = chain
  const text = count(rules.length, 'rule')
  const origin = firstOrigin(rules)
  differences.push(difference({ what: 'chain', change: 'missing', table, name, text, origin }))
  for (const [at, rule] of rules.entries()) differences.push(missingRule(table, name, rule, at))
}

function missingRule(table: string, name: string, { text, origin }: Rule, at: number): Difference {
  return difference({
    what: 'rule',
    change: 'missing',
    table,
    name,
    text: text.trim(),
    wanted: at + 1,
    origin,
  })
}

/** A rule with its place in the chain and its meaning. */
type Numbered = { readonly rule: Rule; readonly at: number; readonly key: string }

/** The rules that do something: a signature (`PVESIG`) is none. */
function numbered(table: Table, { rules }: Chain): readonly Numbered[] {
  return rules
    .map((rule, at) => ({ rule, at, key: ruleKey(rule, table) }))
    .filter(({ key }) => key !== '')
}

function compareChain(pair: Pair, wanted: Chain, held: Chain, findings: Findings): void {
  const { name: table, isOwn } = pair
  const { name } = wanted
  comparePolicy(pair, wanted, held, findings)
  const ours = numbered(pair.wanted, wanted)
  const theirs = numbered(pair.held, held)
  const { moved, missing, extra } = align(
    ours.map(({ key }) => key),
    theirs.map(({ key }) => key),
  )
  for (const place of missing) {
    const { rule, at } = ours[place] as Numbered
    findings.differences.push(missingRule(table, name, rule, at))
  }
  for (const [first, second] of moved) {
    const mine = ours[first] as Numbered
    const other = theirs[second] as Numbered
    findings.differences.push({
      ...missingRule(table, name, mine.rule, mine.at),
      change: 'moved',
      held: other.at + 1,
      found: other.rule.origin,
    })
  }
  for (const place of extra) {
    const { rule, at } = theirs[place] as Numbered
    const text = rule.text.trim()
    const found = rule.origin
    // in a chain of the kernel's anyone may have rules
    if (isOwn || wanted.base === null || leadsToOwn(rule))
      findings.differences.push(
        difference({ what: 'rule', change: 'extra', table, name, text, held: at + 1, found }),
      )
    else findings.foreign.push({ what: 'rule', table, name, text, found })
  }
}

function leadsToOwn({ body }: Rule): boolean {
  return body.some(
    (statement) =>
      statement.kind === 'verdict' &&
      'chain' in statement.verdict &&
      isOwnChain(statement.verdict.chain),
  )
}

/** Hook, priority and policy. Policies of the kernel's own chains are not set by pve-firewall: others may have. */
function comparePolicy(
  { name: table, isOwn }: Pair,
  wanted: Chain,
  held: Chain,
  { differences, foreign }: Findings,
): void {
  const { name } = wanted
  const found = firstOrigin(held.rules)
  if (wanted.base === null || held.base === null) {
    if ((wanted.base === null) !== (held.base === null) || wanted.userPolicy !== held.userPolicy)
      differences.push(
        difference({
          what: 'policy',
          change: 'changed',
          table,
          name,
          text: `${baseText(held)} instead of ${baseText(wanted)}`,
          found,
        }),
      )
    return
  }
  if (isOwn && baseText(wanted) !== baseText(held))
    differences.push(
      difference({
        what: 'policy',
        change: 'changed',
        table,
        name,
        text: `${baseText(held)} instead of ${baseText(wanted)}`,
        found,
      }),
    )
  else if (!isOwn && wanted.base.policy !== held.base.policy)
    foreign.push({ what: 'policy', table, name, text: `policy ${held.base.policy}`, found })
}

function baseText({ base, userPolicy }: Chain): string {
  return base === null
    ? `a chain that ends with ${userPolicy}`
    : `hook ${base.hook} priority ${base.priority} policy ${base.policy}`
}
