import type { FwRule } from '../../config/dialect/iptables/model.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import { type Died, died } from './died.ts'
import type { Direction } from './failures.ts'
import { generated } from './generated.ts'
import { chainOf, createChain, type Pass } from './pass.ts'
import { generateRule } from './rule.ts'
import { isOfFamily, type RuleState, substitute } from './rule-state.ts'

/** What security groups and the OUT chains of guests do instead of accepting. */
export const SUBSTITUTE_MARK = { ACCEPT: 'PVEFW-SET-ACCEPT-MARK', REJECT: 'PVEFW-reject' } as const

const clearMark = generated(
  '-j MARK --set-mark 0x00000000/0x80000000',
  'generate_group_rules',
  'takes the accept mark off, so that only this group can set it',
)

/**
 * Appends the two lines of a GROUP rule (`ruleset_add_group_rule`): the jump into the group, and the test of
 * the accept mark it may have set. The test has no interface match, so a mark set earlier passes it even when
 * the group was not entered. `jump` is what acceptance means in this chain, such as `-j RETURN`.
 */
export function addGroupRule(
  pass: Pass,
  state: RuleState,
  lines: RestoreLine[],
  direction: Direction,
  iface: string,
  jump: string,
): Died | null {
  const { rule } = state
  const name = rule.action.value
  const chain = `GROUP-${name}-${direction}`
  if (!pass.chains.has(chain)) {
    const failed = generateGroup(pass, name, rule)
    if (failed !== null) return failed
  }
  const made = state.ofGroup?.[direction] ?? groupLines(rule, chain, iface, jump)
  if (state.ofGroup !== null) state.ofGroup[direction] = made
  lines.push(...made)
  return null
}

function groupLines(
  rule: FwRule,
  chain: string,
  iface: string,
  jump: string,
): readonly RestoreLine[] {
  const { span } = rule
  const via = [{ what: 'group', name: rule.action.value, span }] as const
  return [
    {
      text: `${iface === '' ? '' : `${iface} `}-j ${chain}`,
      origin: { kind: 'rule', span, via, means: null },
    },
    {
      text: `-m mark --mark 0x80000000/0x80000000 ${jump}`,
      origin: { kind: 'rule', span, via, means: 'accept' },
    },
  ]
}

/**
 * Makes both chains of a group (`generate_group_rules`). A rule that cannot be generated ends it there: the
 * chain keeps the rules before, the OUT chain may never be made.
 */
function generateGroup(pass: Pass, name: string, user: FwRule): Died | null {
  const rules = pass.groups.get(name)
  if (rules === undefined)
    pass.failures.push({
      kind: 'unknown-group',
      group: name,
      family: pass.family,
      span: user.action.span,
    })
  for (const direction of ['IN', 'OUT'] as const) {
    const failed = generateDirection(pass, name, rules ?? [], direction, user)
    if (failed === null) continue
    pass.brokenGroups.set(name, failed)
    return failed
  }
  return null
}

function generateDirection(
  pass: Pass,
  name: string,
  rules: readonly RuleState[],
  direction: Direction,
  user: FwRule,
): Died | null {
  const chain = `GROUP-${name}-${direction}`
  const refused = createChain(pass.chains, chain)
  if (refused !== null) {
    const broken = pass.brokenGroups.get(name)
    return broken === undefined
      ? died(refused, user.span)
      : died(refused, broken.span, broken.cause ?? broken.message)
  }
  const lines = chainOf(pass.chains, chain)
  lines.push(clearMark)
  const type = direction === 'IN' ? 'in' : 'out'
  const target = { chain, lines, iface: '', vmid: 0, quoted: null }
  for (const state of rules) {
    if (state.rule.type !== type || !isOfFamily(state.rule, pass.family)) continue
    substitute(state, SUBSTITUTE_MARK)
    const failed = generateRule(pass, state, target)
    if (failed === null) continue
    const { family } = pass
    pass.failures.push({ kind: 'group-truncated', group: name, direction, family, died: failed })
    return failed
  }
  return null
}
