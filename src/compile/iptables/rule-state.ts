import type { FwRule, Group } from '../../config/dialect/iptables/model.ts'
import { isTrue } from '../../config/dialect/iptables/perl.ts'
import { macroTemplates } from '../../config/macros.ts'
import type { Means, Origin, Via } from '../../netfilter/origin.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import type { Located } from '../../source/source-file.ts'
import { type Address, type Names, resolveAddress, type Scope } from './address.ts'
import type { Direction } from './failures.ts'

/**
 * A rule while it is compiled. Firewall.pm overwrites the action in the parsed rule when it first generates
 * it and reads it back for the label of the log line; all later chains, the whole IPv6 pass among them, see
 * the overwritten one.
 */
export type RuleState = {
  readonly rule: FwRule
  readonly origin: Origin
  /** What its addresses lead to; null: not given. */
  readonly source: Address | null
  readonly dest: Address | null
  action: string
  /** Its lines, once made, if they are the same in every chain and family it is in. */
  lines: readonly RestoreLine[] | null
  readonly isSame: boolean
  /** The two lines of a GROUP rule in each direction, once made: both families have the same. */
  readonly ofGroup: Record<Direction, readonly RestoreLine[] | null> | null
}

/** What an action becomes in a chain; actions that are not keys stay (`rule_substitude_action`). */
export type Substitution = { readonly ACCEPT: string; readonly REJECT: string }

/**
 * The rules of a section that can be compiled at all: those that are off or erroneous are passed over
 * everywhere. `group` is the security group they stand in.
 */
export function ruleStates(
  rules: readonly FwRule[],
  names: Names,
  scope: Scope,
  group: Group | null,
): readonly RuleState[] {
  const states: RuleState[] = []
  for (const rule of rules)
    if (rule.enabled && rule.errors.length === 0) states.push(ruleState(rule, names, scope, group))
  return states
}

/** False for rules that their addresses or protocol pin to the other family. */
export function isOfFamily({ ipVersion }: FwRule, family: 4 | 6): boolean {
  return ipVersion === null || ipVersion === family
}

/** Overwrites the action of a rule's state as `rule_substitude_action` does. */
export function substitute(state: RuleState, by: Substitution): void {
  if (state.action === 'ACCEPT') state.action = by.ACCEPT
  else if (state.action === 'REJECT') state.action = by.REJECT
}

function ruleState(rule: FwRule, names: Names, scope: Scope, group: Group | null): RuleState {
  const via: Via[] = []
  if (group !== null) via.push({ what: 'group', name: group.name, span: group.span })
  if (rule.macro !== null)
    via.push({ what: 'macro', name: rule.macro.value, span: rule.macro.span })
  const source = addressOf(rule.source, names, scope)
  const dest = addressOf(rule.dest, names, scope)
  pushAddress(via, rule.source, source)
  pushAddress(via, rule.dest, dest)
  return {
    rule,
    origin: {
      kind: 'rule',
      span: rule.span,
      via: via.length === 0 ? NO_VIA : via.slice(),
      means: meansOf(rule.action.value),
    },
    source,
    dest,
    action: rule.action.value,
    lines: null,
    ofGroup: rule.type === 'group' ? { IN: null, OUT: null } : null,
    isSame:
      isOfNoFamily(source) && isOfNoFamily(dest) && rule.log === null && isSameMacro(rule.macro),
  }
}

const NO_VIA: readonly Via[] = []

function meansOf(action: string): Means {
  if (action === 'ACCEPT') return 'accept'
  return action === 'REJECT' ? 'reject' : 'drop'
}

/** The value `0` counts as not given. */
function addressOf(value: Located<string> | null, names: Names, scope: Scope): Address | null {
  return value !== null && isTrue(value.value) ? resolveAddress(names, scope, value.value) : null
}

function pushAddress(via: Via[], value: Located<string> | null, address: Address | null): void {
  if (value === null || address === null) return
  if (address.kind === 'set') via.push({ what: 'ipset', name: address.name, span: address.span })
  if (address.kind === 'alias') via.push({ what: 'alias', name: value.value, span: address.span })
}

/** False when its match depends on the family, or there is none. */
function isOfNoFamily(address: Address | null): boolean {
  return address === null || address.kind === 'alias' || address.kind === 'literal'
}

function isSameMacro(macro: Located<string> | null): boolean {
  return macro === null || macroTemplates(macro.value, 4) === macroTemplates(macro.value, 6)
}
