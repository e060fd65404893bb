import type { Located, SourceFile } from '../../../source/source-file.ts'
import type { Tree } from '../../tree.ts'
import { type Complaints, noComplaints } from './complaints.ts'
import type { Alias, FwRule, FwScope, Group, IpSet, IpSetEntry } from './model.ts'
import { type AddressTerm, isPort, type PortTerm, RIGHT, readAddress, readPorts } from './terms.ts'

/** What stays while the files of a node are read. */
export type Reading = {
  /** First columns only: `get_etc_services`, `get_etc_protocols`, `get_etc_ethertypes`. */
  readonly services: ReadonlySet<string>
  readonly protocols: ReadonlySet<string>
  readonly ethertypes: ReadonlySet<string>
  readonly sdnSets: ReadonlyMap<string, IpSet>
  /** Seconds since 1970: `enable` of cluster.fw may be a time. */
  readonly now: number
  /** Values already judged: rules repeat their ports and addresses. */
  readonly ports: Map<string, PortTerm>
  readonly icmpPorts: Map<string, PortTerm>
  readonly addresses: Map<string, AddressTerm>
  /** What Net::IP complained about last; null: nothing yet. It is a global there and outlives its address. */
  netIpMessage: string | null
}

/** Which directions a rule may have and whether it may name an interface (`$rule_env` in Firewall.pm). */
export type RuleEnv = 'cluster' | 'host' | 'vm' | 'ct' | 'vnet' | 'group'

export type OpenIpSet = IpSet & { readonly entries: IpSetEntry[] }
export type OpenGroup = Group & { readonly rules: FwRule[] }

/** A file while it is read (`$res` of `generic_fw_config_parser`). */
export type OpenFile = {
  readonly scope: FwScope
  readonly env: Exclude<RuleEnv, 'group'>
  readonly source: SourceFile
  /** What the real program calls the file; its directory is left out. */
  readonly label: string
  readonly reading: Reading
  /** Where aliases and sets are looked up as well: cluster.fw, also for itself; null if there is none. */
  cluster: OpenFile | null
  readonly complaints: Complaints
  readonly options: Map<string, Located<string>>
  /**
   * Null: the file knows no such section. In host.fw it comes to know them: a look-up makes the missing table
   * (Perl's autovivification), and from then on `[ALIASES]` or `[IPSET x]` is a header.
   */
  aliases: Map<string, Alias> | null
  ipsets: Map<string, OpenIpSet> | null
  readonly groups: Map<string, OpenGroup> | null
  readonly rules: FwRule[]
  /** Line of each definition, `+name` for sets, made when first asked for: what is defined too late is named. */
  definitions: ReadonlyMap<string, number> | null
}

/** Prepares to read the files of a node. */
export function startReading(
  { services, protocols, ethertypes }: Pick<Tree, 'services' | 'protocols' | 'ethertypes'>,
  sdnSets: ReadonlyMap<string, IpSet>,
  now: number,
): Reading {
  const numbers = [...protocols.byName.values()].map(String)
  const types = [...ethertypes.byName].filter(([, number]) => /^[0-9]+$/.test(number))
  return {
    services: new Set(services.entries.map((entry) => entry.name)),
    protocols: new Set([...protocols.byName.keys(), ...numbers, 'icmpv6']),
    ethertypes: new Set(types.flat()),
    sdnSets,
    now,
    ports: new Map(),
    icmpPorts: new Map(),
    addresses: new Map(),
    netIpMessage: null,
  }
}

/** A file of which nothing has been read yet. */
export function openFile(
  reading: Reading,
  source: SourceFile,
  env: OpenFile['env'],
  cluster: OpenFile | null,
): OpenFile {
  const scope = env === 'vm' || env === 'ct' ? 'guest' : env
  const hasNames = scope === 'cluster' || scope === 'guest'
  const file: OpenFile = {
    scope,
    env,
    source,
    label: source.path.slice(source.path.lastIndexOf('/') + 1),
    reading,
    cluster,
    complaints: noComplaints(),
    options: new Map(),
    aliases: hasNames ? new Map() : null,
    ipsets: hasNames ? new Map() : null,
    groups: scope === 'cluster' ? new Map() : null,
    rules: [],
    definitions: null,
  }
  if (env === 'cluster') file.cluster = file
  return file
}

/** The port list judged, once per text that is more than a port. */
export function portTerm(reading: Reading, text: string, icmp: boolean): PortTerm {
  if (isPort(text)) return RIGHT
  const known = icmp ? reading.icmpPorts : reading.ports
  return known.get(text) ?? remember(known, text, readPorts(text, icmp, reading.services))
}

/** The address judged, once per text. */
export function addressTerm({ addresses }: Reading, text: string): AddressTerm {
  return addresses.get(text) ?? remember(addresses, text, readAddress(text))
}

/** Memory for hostile files is bounded: nothing is gained by remembering what is not repeated. */
const MOST_REMEMBERED = 50_000

function remember<T>(known: Map<string, T>, text: string, judged: T): T {
  if (known.size >= MOST_REMEMBERED) known.clear()
  known.set(text, judged)
  return judged
}
