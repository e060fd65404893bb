import { showAddress } from '../../config/dialect/nftables/address.ts'
import type {
  AddressItem,
  AddressOperand,
  IcmpMatch,
  LogLevel,
  NftRule,
  PortItem,
  ProtocolMatch,
} from '../../config/dialect/nftables/model.ts'
import { debugText } from '../../config/dialect/nftables/text.ts'
import { type Located, quote } from '../../source/source-file.ts'
import { unreachable } from '../../source/unreachable.ts'

/**
 * A rule as Rust's `{:?}` prints it: proxmox-firewall names rules so when it leaves one out
 * (`skipping rule ...` in rule.rs), and the journal can be searched for it.
 */
export function debugRule({ span, enabled, body }: NftRule): string {
  return `Rule { disabled: ${!enabled}, kind: ${kindText(body)}, comment: ${some(commentOf(quote(span)))} }`
}

function kindText(body: NftRule['body']): string {
  if (body.kind === 'group')
    return `Group(RuleGroup { group: ${debugText(body.group.value)}, iface: ${some(textIn(body.iface))} })`
  const { direction, verdict, macro, iface, log, source, dest, protocol } = body
  const ip =
    source === null && dest === null
      ? 'None'
      : `Some(IpMatch { src: ${option(source, operandText)}, dst: ${option(dest, operandText)} })`
  return `Match(RuleMatch { dir: ${capital(direction)}, verdict: ${capital(verdict)}, fw_macro: ${some(textIn(macro))}, iface: ${some(textIn(iface))}, log: ${option(log, (level) => LEVELS[level])}, ip: ${ip}, proto: ${option(protocol, protocolText)} })`
}

/** What follows the first `#`, if anything does. */
function commentOf(line: string): string | null {
  const hash = line.indexOf('#')
  return hash === -1 || hash === line.length - 1 ? null : line.slice(hash + 1).trim()
}

const LEVELS: Readonly<Record<LogLevel, string>> = {
  nolog: 'Nolog',
  emerg: 'Emergency',
  alert: 'Alert',
  crit: 'Critical',
  err: 'Error',
  warning: 'Warning',
  notice: 'Notice',
  info: 'Info',
  debug: 'Debug',
}
const SCOPES = { dc: 'Datacenter', guest: 'Guest', sdn: 'Sdn' } as const

function operandText(operand: AddressOperand): string {
  if (operand.kind === 'list') {
    const entries = operand.items.map(itemText).join(', ')
    return `Ip(IpList { entries: [${entries}], family: V${operand.version} })`
  }
  const { scope, name } = operand.ref
  const [outer, type] = operand.kind === 'ipset' ? ['Set', 'Ipset'] : ['Alias', 'Alias']
  return scope === null
    ? `${outer}(Legacy(Legacy${type}Name(${debugText(name)})))`
    : `${outer}(Scoped(${type}Name { scope: ${SCOPES[scope]}, name: ${debugText(name)} }))`
}

function itemText(item: AddressItem): string {
  if (item.kind === 'range')
    return `Range(V${item.lo.version}(AddressRange { start: ${showAddress(item.lo)}, last: ${showAddress(item.hi)} }))`
  const { address, prefix } = item.cidr
  const { version } = address
  return `Cidr(Ipv${version}(Ipv${version}Cidr { addr: ${showAddress(address)}, mask: ${prefix} }))`
}

function protocolText(protocol: ProtocolMatch): string {
  switch (protocol.kind) {
    case 'ports': {
      const ports = `Ports { sport: ${portsText(protocol.sport)}, dport: ${portsText(protocol.dport)} }`
      const name = protocol.name === 'udplite' ? 'UdpLite' : capital(protocol.name)
      const wrapped = name === 'Tcp' || name === 'Udp' || name === 'Sctp'
      return wrapped ? `${name}(${name} { ports: ${ports} })` : `${name}(${ports})`
    }
    case 'icmp':
    case 'icmpv6': {
      const name = capital(protocol.kind)
      return `${name}(${name} { ${icmpText(protocol.icmp)} })`
    }
    case 'number':
      return `Numeric(${protocol.value})`
    case 'word':
      return `Named(${debugText(protocol.value)})`
    default:
      return unreachable(protocol)
  }
}

function icmpText(icmp: IcmpMatch | null): string {
  if (icmp === null) return 'ty: None, code: None'
  if (icmp.kind === 'any') return 'ty: Some(Any), code: None'
  const { type, code } = icmp
  const shown = typeof type === 'number' ? `Numeric(${type})` : `Named(${debugText(type)})`
  return `ty: Some(${shown}), code: ${code === null ? 'None' : `Some(Numeric(${code}))`}`
}

function portsText(items: readonly PortItem[] | null): string {
  if (items === null) return 'None'
  const shown = items.map(({ lo, hi, range }) => (range ? `Range(${lo}, ${hi})` : `Port(${lo})`))
  return `Some(PortList([${shown.join(', ')}]))`
}

function option<T>(located: Located<T> | null, show: (value: T) => string): string {
  return located === null ? 'None' : `Some(${show(located.value)})`
}

function some(text: string | null): string {
  return text === null ? 'None' : `Some(${debugText(text)})`
}

function textIn(located: Located<string> | null): string | null {
  return located === null ? null : located.value
}

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1).toLowerCase()}`
}
