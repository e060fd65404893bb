import type { FwRule, Group } from '../../config/dialect/iptables/model.ts'
import type { Means, Via } from '../../netfilter/origin.ts'
import type { Located } from '../../source/source-file.ts'
import { resolveAddress, type Scope } from './address.ts'
import type { Compilation, RuleState } from './pass.ts'

/** What an action becomes in a chain; actions that are not keys stay (`rule_substitude_action`). */
export type Substitution = { readonly ACCEPT: string; readonly REJECT: string }

/** The state of a rule, made when it is first met. `group` is the security group it stands in. */
export function ruleState(
  compilation: Compilation,
  rule: FwRule,
  scope: Scope,
  group: Group | null,
): RuleState {
  const known = compilation.states.get(rule)
  if (known !== undefined) return known
  const via: Via[] = []
  if (group !== null) via.push({ what: 'group', name: group.name, span: group.span })
  if (rule.macro !== null)
    via.push({ what: 'macro', name: rule.macro.value, span: rule.macro.span })
  pushAddress(via, compilation, scope, rule.source)
  pushAddress(via, compilation, scope, rule.dest)
  const state: RuleState = {
    action: rule.action.value,
    origin: { kind: 'rule', span: rule.span, via, means: meansOf(rule.action.value) },
  }
  compilation.states.set(rule, state)
  return state
}

/** Overwrites the action of a rule's state as `rule_substitude_action` does. */
export function substitute(state: RuleState, by: Substitution): void {
  if (state.action === 'ACCEPT') state.action = by.ACCEPT
  else if (state.action === 'REJECT') state.action = by.REJECT
}

function meansOf(action: string): Means {
  if (action === 'ACCEPT') return 'accept'
  return action === 'REJECT' ? 'reject' : 'drop'
}

function pushAddress(
  via: Via[],
  compilation: Compilation,
  scope: Scope,
  value: Located<string> | null,
): void {
  if (value === null) return
  const address = resolveAddress(compilation, scope, value.value)
  if (address.kind === 'set') via.push({ what: 'ipset', name: address.name, span: address.span })
  if (address.kind === 'alias') via.push({ what: 'alias', name: value.value, span: address.span })
}
