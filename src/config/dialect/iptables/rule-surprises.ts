import type { Located } from '../../../source/source-file.ts'
import { type RuleFields, type RulePlace, typeSpan } from './check.ts'
import { type Complaints, complain, quoted } from './complaints.ts'
import { isTrue, lower } from './perl.ts'

/** Notes what pve-firewall accepts without a word, though it does something else than the line says. */
export function noteSurprises(rule: RuleFields, place: RulePlace, complaints: Complaints): void {
  noteZeros(rule, complaints)
  if (rule.type === 'forward' && place.env !== 'vnet') {
    complain(complaints, 'warning', 'config/forward-ignored', typeSpan(rule), () => ({
      message: 'FORWARD rules have no effect with the iptables backend',
      help: 'only the nftables backend (`nftables: 1` in host.fw) has a forward chain of its own',
    }))
  }
  if (rule.type === 'group' && lower(rule.action.value) !== rule.action.value) {
    const { value, span } = rule.action
    complain(complaints, 'warning', 'config/name-case', span, () => ({
      message: `no group can be called ${quoted(value)}: names are stored in lower case`,
      help: `write \`GROUP ${lower(value)}\``,
    }))
  }
}

function noteZeros(rule: RuleFields, complaints: Complaints): void {
  noteZero(rule.macro, 'the macro', complaints)
  noteZero(rule.iface, '-i', complaints)
  noteZero(rule.proto, '-p', complaints)
  noteZero(rule.dport, '-dport', complaints)
  noteZero(rule.sport, '-sport', complaints)
  noteZero(rule.source, '-source', complaints)
  noteZero(rule.dest, '-dest', complaints)
}

function noteZero(given: Located<string> | null, name: string, complaints: Complaints): void {
  if (given === null || isTrue(given.value)) return
  complain(complaints, 'warning', 'config/zero-value', given.span, () => ({
    message: `\`${name} 0\` counts as not given: the rule matches without it`,
    help: name.endsWith('port')
      ? 'write `0:0` for port 0 itself'
      : 'leave it out, or write what is meant',
  }))
}
