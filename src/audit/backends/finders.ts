import { flag, optionSpan, optionsOf } from '../../compile/iptables/options.ts'
import { flag as nftFlag } from '../../config/dialect/nftables/options.ts'
import type { Span } from '../../source/source-file.ts'
import type { Place } from './difference.ts'
import type { BackendPair } from './pair.ts'

export type Finder = (pair: BackendPair) => readonly Place[]

/** All of a node whose firewall and host part are on. */
export function filteredHost(note: string): Finder {
  return (pair) => (isHostFiltered(pair) ? [{ span: null, note }] : [])
}

/** Every guest that is filtered. */
export function filteredGuests(note: string): Finder {
  return (pair) => (guestsOn(pair).length > 0 ? [{ span: null, note }] : [])
}

/** An option of host.fw that is on for pve-firewall. */
export function hostSwitch(key: string, otherwise: boolean, note: string): Finder {
  return ({ iptables: { config } }) => {
    const found = flag(optionsOf(config.host), key, otherwise)
    return found.on ? [{ span: found.span, note }] : []
  }
}

/** An option of host.fw, whatever it says. */
export function hostOption(key: string, note: string): Finder {
  return ({ iptables: { config } }) => spanned(optionSpan(optionsOf(config.host), key), note)
}

/** Guests whose policy is not ACCEPT. */
export function guestPolicy(keys: readonly string[], values: readonly string[]): Finder {
  return (pair) =>
    guestsOn(pair).flatMap(({ fw }) =>
      keys.flatMap((key) => {
        const option = fw.options.get(key)
        return option !== undefined && values.includes(option.value.toUpperCase())
          ? [{ span: option.span, note: 'frames of other kinds than IP fall under it too' }]
          : []
      }),
    )
}

/** Policies and FORWARD rules of cluster.fw and host.fw, and the files of vnets: pve-firewall has no use for them. */
export function forwarding({ nftables: { config } }: BackendPair): readonly Place[] {
  const policy = config.cluster?.options.get('policy_forward')
  const strict = policy !== undefined && policy.value.toUpperCase() !== 'ACCEPT'
  const rules = [config.cluster, config.host].flatMap((file) =>
    (file?.rules ?? []).filter(
      ({ enabled, body }) => enabled && body.kind === 'match' && body.direction === 'forward',
    ),
  )
  const vnets = [...config.vnets.values()].flatMap((file) => {
    const enable = nftFlag(file, 'enable', false)
    return enable.value ? spanned(enable.span, 'the firewall of this vnet comes into force') : []
  })
  return [
    ...(strict ? spanned(policy.span, 'what the host routes falls under this policy') : []),
    ...rules.map(({ span }) => ({ span, note: 'the rule comes into force' })),
    ...vnets,
  ]
}

/** GROUP lines of security groups. */
export function nestedGroups({ nftables: { config } }: BackendPair): readonly Place[] {
  return [...(config.cluster?.groups.values() ?? [])].flatMap(({ rules }) =>
    rules
      .filter(({ enabled, body }) => enabled && body.kind === 'group')
      .map(({ span }) => ({ span, note: 'the inner group comes into force' })),
  )
}

/** The update that pve-firewall cannot do, and proxmox-firewall can. */
export function restoreRefused({ iptables: { compiled } }: BackendPair): readonly Place[] {
  if (compiled.refusal === null && compiled.state !== 'failed') return []
  return [
    {
      span: compiled.refusal?.line.origin.span ?? null,
      note: 'iptables refuses, nftables does not',
    },
  ]
}

/** Complaints of the nftables dialect in lines that look like this: one code may stand for several differences. */
export function toldInLines(code: string, line: RegExp): Finder {
  return ({ nftables: { config, compiled } }) =>
    [...config.diagnostics, ...compiled.diagnostics]
      .filter((one) => one.code === code && one.span !== null && line.test(lineOf(one.span)))
      .map(({ span, message }) => ({ span, note: message }))
}

function lineOf({ file, start }: Span): string {
  const { text } = file
  const end = text.indexOf('\n', start)
  return text.slice(text.lastIndexOf('\n', start - 1) + 1, end === -1 ? text.length : end).trim()
}

/** Complaints of the iptables dialect about rules or entries that the other one takes. */
export function leftOutByIptables(codes: readonly string[], note: string): Finder {
  return ({ iptables: { config, compiled } }) =>
    [...config.diagnostics, ...compiled.diagnostics]
      .filter(({ code }) => codes.includes(code))
      .map(({ span }) => ({ span, note }))
}

export function isHostFiltered({ nftables: { config } }: BackendPair): boolean {
  return (
    nftFlag(config.cluster, 'enable', false).value && nftFlag(config.host, 'enable', true).value
  )
}

function guestsOn({ nftables: { config } }: BackendPair) {
  return config.guests.filter(({ fw }) => nftFlag(fw, 'enable', false).value)
}

function spanned(span: Span | null, note: string): readonly Place[] {
  return span === null ? [] : [{ span, note }]
}
