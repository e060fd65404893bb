import type { Span } from '../../../source/source-file.ts'
import { findMacro, isIptablesMacro, MACROS, macroTemplates } from '../../macros.ts'
import { didYouMean } from '../../nearest.ts'
import {
  add,
  type Check,
  fault,
  given,
  needsProtocol,
  type RuleFields,
  type RulePlace,
  typeSpan,
  undefinedValue,
  type Verified,
} from './check.ts'
import { quoted, type Wording } from './complaints.ts'
import { icmpTypesOf, isIcmp } from './icmp.ts'
import { isName, isTrue, lower } from './perl.ts'
import type { RuleEnv } from './reading.ts'
import { isInterfaceName } from './terms.ts'
import { checkAddress } from './verify-address.ts'
import { checkDport, checkSport } from './verify-ports.ts'

/**
 * Judges a rule as `verify_rule` (Firewall.pm) does, in its order: a look-up of an address sees only what has
 * been read so far. Values that are `0` count as absent there, so they are not looked at.
 */
export function verifyRule(rule: RuleFields, place: RulePlace): Verified {
  const check: Check = { rule, place, faults: [], warnings: [], version: null }
  checkType(check)
  checkInterface(check)
  checkMacro(check)
  checkProtocol(check)
  checkDport(check)
  checkIcmpType(check)
  checkSport(check)
  const died = checkAddress(check, 'source') ?? checkAddress(check, 'dest')
  if (died === null && check.faults.length === 0) checkMacroFields(check)
  return { faults: check.faults, version: check.version, warnings: check.warnings, died }
}

const DIRECTIONS: { readonly [env in RuleEnv]: readonly string[] } = {
  vm: ['in', 'out', 'group'],
  ct: ['in', 'out', 'group'],
  group: ['in', 'out', 'forward'],
  cluster: ['in', 'out', 'forward', 'group'],
  host: ['in', 'out', 'forward', 'group'],
  vnet: ['forward', 'group'],
}

const ACTIONS: readonly string[] = ['ACCEPT', 'DROP', 'REJECT']

function checkType(check: Check): void {
  const { type, action } = check.rule
  const { env } = check.place
  if (!isTrue(type)) missing(check, 'type', typeSpan(check.rule))
  if (!isTrue(action.value)) missing(check, 'action', action.span)
  if (!isTrue(type)) return
  if (!DIRECTIONS[env].includes(type)) {
    const says = `invalid rule type '${type}' for rule_env '${env}'`
    add(check, {
      field: 'type',
      says,
      code: 'config/rule-type',
      span: typeSpan(check.rule),
      wording: () => typeWording(check),
    })
  }
  if (type === 'in' || type === 'out' || type === 'forward') {
    checkAction(check)
  } else if (type === 'group' && isTrue(action.value) && !isName(action.value)) {
    const message = `${quoted(action.value)} is not a name of a security group`
    const help =
      'a name has at least two of the letters, digits, `-` and `_`, and starts with a letter'
    const says = 'invalid characters in security group name'
    add(check, fault('action', says, 'config/bad-group-name', action.span, message, help))
  }
}

function missing(check: Check, field: 'type' | 'action', span: Span): void {
  const message = '`0` counts as absent'
  add(
    check,
    fault(field, 'missing property', 'config/zero-value', span, message, 'write what is meant'),
  )
}

function typeWording({ rule, place }: Check): Wording {
  const value = rule.type
  const allowed = DIRECTIONS[place.env].map((type) => type.toUpperCase())
  const inGroup = place.env === 'group' ? 'a security group' : 'this file'
  if (value === 'group' || value === 'forward')
    return {
      message: `${quoted(value.toUpperCase())} rules are not allowed in ${inGroup}`,
      help:
        value === 'group'
          ? 'security groups do not nest: repeat the rules'
          : 'FORWARD rules go into cluster.fw, host.fw or the file of a vnet',
    }
  return {
    message: `${quoted(value)} is not a direction`,
    help: didYouMean(value, allowed, `a rule starts with ${allowed.join(', ')}`),
  }
}

function checkAction(check: Check): void {
  const { type, action } = check.rule
  if (type === 'forward' && action.value === 'REJECT') {
    const message = 'a FORWARD rule cannot REJECT'
    const says = 'cannot define REJECT rules on forward chain'
    add(check, fault('action', says, 'config/unknown-action', action.span, message, 'use DROP'))
  } else if (isTrue(action.value) && !ACTIONS.includes(action.value)) {
    add(check, {
      field: 'action',
      says: `unknown action '${action.value}'`,
      code: 'config/unknown-action',
      span: action.span,
      wording: () => ({
        message: `${quoted(action.value)} is not an action`,
        help: actionHelp(action.value),
      }),
    })
  }
}

function actionHelp(action: string): string {
  if (ACTIONS.includes(action.toUpperCase()))
    return `actions are written in upper case: \`${action.toUpperCase()}\``
  const call = /^(.*)\((accept|drop|reject)\)$/i.exec(action)
  if (call !== null)
    return `actions are written in upper case: \`${call[1]}(${call[2]?.toUpperCase()})\``
  const macro = findMacro(action.replace(/[()].*$/, ''))
  if (macro !== null) return `a macro needs its action: \`${macro.name}(ACCEPT)\``
  return didYouMean(
    action,
    ACTIONS,
    'ACCEPT, DROP or REJECT, alone or in a macro such as `SSH(ACCEPT)`',
  )
}

function checkInterface(check: Check): void {
  const iface = given(check.rule.iface)
  if (iface === null) return
  const { env } = check.place
  if (env === 'group' || env === 'vnet') {
    const message =
      env === 'group' ? '`-i` is not allowed in a security group' : '`-i` is not allowed here'
    const help =
      env === 'group' ? 'write `-i` behind the GROUP line that uses the group' : 'leave it out'
    const says = 'parameter -i not allowed for this rule type'
    add(check, fault('type', says, 'config/interface-not-allowed', iface.span, message, help))
  }
  if (!isInterfaceName(iface.value)) {
    const message = `${quoted(iface.value)} is not a name of an interface`
    const help =
      '2 to 21 letters, digits and `_`, starting with a letter, perhaps `.VLAN` or `:N`; no wildcards'
    const says = `invalid network interface name '${iface.value}'`
    add(check, fault('iface', says, 'config/bad-interface', iface.span, message, help))
  }
  if ((env === 'vm' || env === 'ct') && !/^net[0-9]+$/.test(iface.value)) {
    const message = `${quoted(iface.value)} is not a NIC of a guest`
    const help = 'in the file of a guest `-i` names the NIC as in its config: `net0`'
    const says = "value does not match the regex pattern 'net\\d+'"
    add(check, fault('iface', says, 'config/bad-interface', iface.span, message, help))
  }
}

function checkMacro(check: Check): void {
  const name = given(check.rule.macro)
  if (name === null) return
  const macro = findMacro(name.value)
  if (macro !== null && isIptablesMacro(macro)) return
  add(check, {
    field: 'macro',
    says: `unknown macro '${name.value}'`,
    code: 'config/unknown-macro',
    span: name.span,
    wording: () => ({
      message: `${quoted(name.value)} is not a macro`,
      help: macroHelp(name.value),
    }),
  })
}

function macroHelp(name: string): string {
  const template = findMacro(name)?.nftables?.[0]
  if (template !== undefined)
    return `only the nftables backend knows it: write \`-p ${template.proto} -dport ${template.dport}\``
  if (/^[0-9]+$/.test(name)) return `for a port write \`ACCEPT -p tcp -dport ${name}\``
  const known = MACROS.filter(isIptablesMacro).map((macro) => macro.name)
  return didYouMean(name, known, 'write the protocol and port instead: `-p tcp -dport 80`')
}

function checkProtocol(check: Check): void {
  const proto = given(check.rule.proto)
  if (proto === null) return
  const { protocols } = check.place.reading
  if (!protocols.has(proto.value)) {
    add(check, {
      field: 'proto',
      says: `unknown protocol '${proto.value}'`,
      code: 'config/unknown-protocol',
      span: proto.span,
      wording: () => ({
        message: `${quoted(proto.value)} is not a protocol of etc/protocols`,
        help: protocolHelp(proto.value, protocols),
      }),
    })
  }
  if (proto.value === 'icmp') check.version = 4
  else if (isIcmp(proto.value)) check.version = 6
}

function protocolHelp(name: string, protocols: ReadonlySet<string>): string {
  if (name.startsWith('!')) return 'rules have no negation: put a DROP rule before'
  const small = lower(name)
  if (protocols.has(small)) return `names are written as there: \`${small}\``
  return didYouMean(name, protocols, 'use a name or number of its first two columns')
}

function checkIcmpType(check: Check): void {
  const type = given(check.rule.icmpType)
  if (type === null) return
  const proto = check.rule.proto?.value ?? null
  if (proto === null || !isIcmp(proto)) needsProtocol(check, 'icmp-type', type.span)
  if (given(check.rule.dport) !== null) {
    const says = "'icmp-type' cannot be specified together with 'dport'"
    const message = '`-icmp-type` and `-dport` exclude each other'
    add(
      check,
      fault('icmp-type', says, 'config/bad-icmp-type', type.span, message, 'remove `-dport`'),
    )
  }
  if (proto === null) {
    for (const line of [1881, 1883, 1883])
      check.warnings.push(undefinedValue('$proto', 'string eq', line))
  } else if (isIcmp(proto) && !icmpTypesOf(proto).has(type.value)) {
    add(check, {
      field: 'icmp-type',
      says: `invalid icmp-type '${type.value}' for proto '${proto}'`,
      code: 'config/bad-icmp-type',
      span: type.span,
      wording: () => ({
        message: `${quoted(type.value)} is not a type of ${proto}`,
        help: /^[0-9]+$/.test(type.value)
          ? `numbers are refused here, but \`-p ${proto} -dport ${type.value}\` works`
          : didYouMean(type.value, icmpTypesOf(proto), 'types are written by name: `echo-request`'),
      }),
    })
  }
}

const MACRO_FIELDS = ['proto', 'dport', 'sport'] as const

/** A field that the macro sets as well must be equal to it (`$apply_macro` with `verify`). */
function checkMacroFields(check: Check): void {
  const macro = given(check.rule.macro)
  if (macro === null) return
  for (const template of macroTemplates(macro.value, check.version)) {
    for (const field of MACRO_FIELDS) {
      const own = check.rule[field]
      const theirs = template[field]
      if (own === null || theirs === null || own.value === theirs) continue
      const message = `the macro \`${findMacro(macro.value)?.name}\` sets \`-${field === 'proto' ? 'p' : field} ${theirs}\` itself`
      const says = `parameter '${field}' already define in macro (value = '${theirs}')`
      const help = 'leave it out, or write the rule without the macro'
      add(check, fault(field, says, 'config/macro-conflict', own.span, message, help))
      return
    }
  }
}
