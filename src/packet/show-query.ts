import { showMac } from '../ip/mac.ts'
import { hasPorts, showProtocol } from './protocol.ts'
import type { Query } from './query.ts'
import { showTcpFlags } from './tcp-flags.ts'

/** A query as an arrow that `parseArrow` reads back to the same query: `outside 192.168.1.53 -> vm105 tcp/80`. */
export function showQuery(query: Query): string {
  const left = query.from === null ? [] : [query.from]
  if (query.from !== null && query.src !== null) left.push(query.src)
  const right = query.to === null ? [] : [query.to]
  if (query.from === null && query.src !== null) right.push(`src=${query.src}`)
  if (query.dst !== null) right.push(`dst=${query.dst}`)
  right.push(...showTransport(query))
  if (query.ethertype !== null)
    right.push(`ether=0x${query.ethertype.toString(16).padStart(4, '0')}`)
  if (query.flags !== null) right.push(`flags=${showTcpFlags(query.flags)}`)
  if (query.state !== null) right.push(`state=${query.state}`)
  if (query.mac !== null) right.push(`mac=${showMac(query.mac)}`)
  if (query.iface !== null) right.push(`iface=${query.iface}`)
  if (query.vlan !== null) right.push(`vlan=${query.vlan}`)
  if (query.family !== null) right.push(`family=${query.family}`)
  return [...left, '->', ...right].join(' ')
}

function showTransport(query: Query): readonly string[] {
  const { proto, sport, dport, icmpType, icmpCode } = query
  const parts: string[] = []
  const sugar = query.to !== null && proto !== null && dport !== null && hasPorts(proto)
  if (sugar) parts.push(`${showProtocol(proto)}/${dport}`)
  else {
    if (proto !== null) parts.push(`proto=${showProtocol(proto)}`)
    if (dport !== null) parts.push(`dport=${dport}`)
  }
  if (sport !== null) parts.push(`sport=${sport}`)
  if (icmpType !== null) parts.push(`type=${icmpType}`)
  if (icmpCode !== null) parts.push(`code=${icmpCode}`)
  return parts
}
