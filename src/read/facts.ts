import type { RestoreLine } from '../netfilter/restore.ts'
import type { Table } from '../netfilter/ruleset.ts'

/** What the tools look up on the host they run on: /etc/services, /etc/protocols, /etc/ethertypes. */
export type ReadFacts = {
  /** `ssh/tcp` -> 22; names and aliases. */
  readonly services: ReadonlyMap<string, number>
  /** `tcp` -> 6; names and aliases, case as written. */
  readonly protocols: ReadonlyMap<string, number>
  /** `arp` -> 0x806; names in lower case, as ebtables compares them. */
  readonly ethertypes: ReadonlyMap<string, number>
}

/** A line the real tool (or the kernel it hands the line to) refuses, in the tool's words where it has any. */
export type Refusal = { readonly line: RestoreLine; readonly message: string }

/** A table as far as it can be understood, with everything the tool would refuse, in the order of the text. */
export type ReadTable = { readonly table: Table; readonly refusals: readonly Refusal[] }

type ServiceEntry = {
  readonly name: string
  readonly aliases: readonly string[]
  readonly port: number
  readonly protocol: string
}

/** EtherTypes the generated rules name: a host without /etc/ethertypes could not load them. */
const usualEthertypes = [
  ['ipv4', 0x0800],
  ['arp', 0x0806],
  ['ipv6', 0x86dd],
] as const

/** Builds the look-ups from the lines of the three files (`ethertypes`: hexadecimal digits). The first entry of a name wins, as in getservbyname(3). */
export function readFacts(
  services: { readonly entries: readonly ServiceEntry[] },
  protocols: {
    readonly byName: ReadonlyMap<string, number>
    readonly aliases: ReadonlyMap<string, number>
  },
  ethertypes: { readonly byName: ReadonlyMap<string, string> },
): ReadFacts {
  const ports = new Map<string, number>()
  for (const { name, aliases, port, protocol } of services.entries) {
    for (const spelling of [name, ...aliases]) {
      const key = `${spelling}/${protocol}`
      if (!ports.has(key)) ports.set(key, port)
    }
  }
  const types = new Map<string, number>(usualEthertypes)
  for (const [name, digits] of ethertypes.byName) {
    const number = Number.parseInt(digits, 16)
    if (Number.isInteger(number)) types.set(name.toLowerCase(), number)
  }
  return {
    services: ports,
    protocols: new Map([...protocols.aliases, ...protocols.byName]),
    ethertypes: types,
  }
}
