import type { NftCommand } from '../../netfilter/nft/command.ts'
import { addChain, flushChain, flushMap } from './commands.ts'
import { generated } from './origins.ts'
import { chainOf, GUEST_TABLE, HOST_TABLE } from './tables.ts'

const origin = generated(
  'reset_firewall',
  'each update starts from empty chains and maps; chains of guests, vnets and groups that a kernel already holds are deleted here too',
)

const host = (name: string): NftCommand => flushChain(chainOf(HOST_TABLE, name), origin)
const madeAnew = (name: string): readonly NftCommand[] => [
  addChain(chainOf(HOST_TABLE, name), origin),
  host(name),
]

/** The first commands of every update (firewall.rs `reset_firewall`) on a kernel without guest and group chains. */
export const RESET: readonly NftCommand[] = [
  host('cluster-in'),
  host('cluster-out'),
  host('cluster-forward'),
  ...madeAnew('host-in'),
  host('option-in'),
  ...madeAnew('host-out'),
  host('option-out'),
  host('host-forward'),
  flushChain(chainOf(GUEST_TABLE, 'invalid-conntrack'), origin),
  host('invalid-conntrack'),
  flushMap(GUEST_TABLE, 'vm-map-in', origin),
  flushMap(GUEST_TABLE, 'vm-map-out', origin),
  flushMap(GUEST_TABLE, 'bridge-map', origin),
  flushMap(HOST_TABLE, 'bridge-map', origin),
  host('ct-in'),
  host('ratelimit-synflood'),
  host('log-invalid-tcp'),
  host('log-smurfs'),
]
