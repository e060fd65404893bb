import type { Located } from '../../../source/source-file.ts'
import { didYouMean } from '../../nearest.ts'
import { add, type Check, fault, given, needsProtocol, undefinedValue, within } from './check.ts'
import { quoted } from './complaints.ts'
import { isIcmp } from './icmp.ts'
import { portTerm, type Reading } from './reading.ts'

const WITH_PORTS: ReadonlySet<string> = new Set([
  ...['tcp', '6', 'udp', '17', 'udplite', '136', 'dccp', '33', 'sctp', '132'],
])

/** `-dport`; with ICMP it holds a type. */
export function checkDport(check: Check): void {
  const ports = given(check.rule.dport)
  if (ports === null) return
  const proto = check.rule.proto?.value ?? ''
  checkPorts(check, 'dport', ports, isIcmp(proto))
  if (!WITH_PORTS.has(proto) && !isIcmp(proto)) withoutPorts(check, 'dport', ports, 1872)
}

/** `-sport`, never with ICMP. */
export function checkSport(check: Check): void {
  const ports = given(check.rule.sport)
  if (ports === null) return
  checkPorts(check, 'sport', ports, false)
  if (!WITH_PORTS.has(check.rule.proto?.value ?? '')) withoutPorts(check, 'sport', ports, 1897)
}

function checkPorts(check: Check, field: string, ports: Located<string>, icmp: boolean): void {
  const { reading } = check.place
  const found = portTerm(reading, ports.value, icmp).fault
  if (found === null) return
  const part = ports.value.slice(found.start, found.end)
  add(check, {
    field,
    says: found.message,
    code: 'config/bad-port',
    span: within(ports.span, found),
    wording: () => ({
      message: `\`-${field} ${quoted(part).slice(1)} is refused: ${quoted(found.message).slice(1, -1)}`,
      help: portHelp(part, reading),
    }),
  })
}

function portHelp(part: string, { services }: Reading): string {
  const range = /^([0-9]+)-([0-9]+)$/.exec(part)
  if (range !== null) return `a range is written with a colon: \`${range[1]}:${range[2]}\``
  if (part.endsWith(',')) return 'remove the comma at the end'
  if (part === '') return 'remove the comma that nothing stands before'
  if (/^[0-9]*:[0-9]*$/.test(part)) return 'a range has both ends, the smaller first: `1:1024`'
  if (part.includes(','))
    return 'a list holds at most 15 numbers, a range counts two; split the rule'
  if (/^[0-9]+$/.test(part)) return 'ports end at 65535'
  return didYouMean(part, services, 'use a number or a name of etc/services (first column)')
}

/** A port without a protocol that has ports. `perlLine` is where Firewall.pm stumbles over an absent one. */
function withoutPorts(
  check: Check,
  field: 'dport' | 'sport',
  ports: Located<string>,
  perlLine: number,
): void {
  const { proto } = check.rule
  if (proto === null) {
    check.warnings.push(undefinedValue('$proto', 'hash element', perlLine))
    check.warnings.push(undefinedValue('$proto', 'concatenation (.) or string', perlLine))
  }
  if (given(proto) === null) needsProtocol(check, field, ports.span)
  const name = proto?.value ?? ''
  const message =
    given(proto) === null
      ? `\`-${field}\` without \`-p\``
      : `protocol ${quoted(name)} has no ${field === 'sport' && isIcmp(name) ? 'source ' : ''}ports`
  const help =
    given(proto) === null
      ? 'add `-p tcp` or `-p udp`'
      : 'ports go with tcp, udp, udplite, dccp and sctp'
  const says = `protocol '${name}' does not support ports`
  add(check, fault(field, says, 'config/protocol-without-ports', ports.span, message, help))
}
