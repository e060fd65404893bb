import { CT_HELPERS, type CtHelper } from '../../config/dialect/nftables/ct-helpers.ts'
import {
  flag,
  helpers,
  integer,
  logLevel,
  type Setting,
} from '../../config/dialect/nftables/options.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import { addRule } from './commands.ts'
import type { Compilation } from './compilation.ts'
import { ACCEPT, DROP, equal, jump, meta, payload, type Statement } from './expression.ts'
import { hostPlace } from './host.ts'
import { because, type Generated, generated } from './origins.ts'
import { writeLog } from './policy.ts'
import { chainOf, GUEST_TABLE, HOST_TABLE } from './tables.ts'

const BY = 'handle_host_options'
const ndpAllowed = generated(BY, 'neighbour discovery is let through before the rules (ndp)')
const ndpBlocked = generated(BY, 'neighbour discovery is dropped before the rules (ndp: 0)')
const synflood = generated(BY, 'protection_synflood looks at every new TCP connection to the host')
const synfloodLimit = generated(
  BY,
  'sources that open connections faster than the limit are dropped',
  'drop',
)
const tcpflags = generated(BY, 'impossible combinations of TCP flags are dropped (tcpflags)')
const smurfs = generated(BY, 'packets from broadcast and multicast sources are dropped (nosmurfs)')
const invalid = generated(
  BY,
  'packets conntrack calls invalid are dropped (nf_conntrack_allow_invalid)',
  'drop',
)

/** Options of host.fw, in the order proxmox-firewall goes through them (firewall.rs `handle_host_options`). */
export function writeHostOptions(compilation: Compilation): void {
  const { host } = compilation
  const ndp = flag(host, 'ndp', true)
  const ndpOrigin = because(ndp.value ? ndpAllowed : ndpBlocked, ndp.span)
  const word = ndp.value ? 'allow' : 'block'
  push(compilation, 'option-in', [jump(`${word}-ndp-in`)], ndpOrigin)
  push(compilation, 'option-out', [jump(`${word}-ndp-out`)], ndpOrigin)
  const flood = flag(host, 'protection_synflood', false)
  if (flood.value) writeSynflood(compilation, flood)
  const flags = flag(host, 'tcpflags', false)
  if (flags.value) {
    push(compilation, 'option-in', [jump('block-invalid-tcp')], because(tcpflags, flags.span))
    writeLog(
      hostPlace(compilation, 'log-invalid-tcp', 'in'),
      logLevel(host, 'tcp_flags_log_level'),
      'DROP',
    )
  }
  const nosmurfs = flag(host, 'nosmurfs', true)
  if (nosmurfs.value) {
    push(compilation, 'option-in', [jump('block-smurfs')], because(smurfs, nosmurfs.span))
    writeLog(hostPlace(compilation, 'log-smurfs', 'in'), logLevel(host, 'smurf_log_level'), 'DROP')
  }
  const allowInvalid = flag(host, 'nf_conntrack_allow_invalid', false)
  if (!allowInvalid.value)
    for (const table of [GUEST_TABLE, HOST_TABLE]) {
      const chain = chainOf(table, 'invalid-conntrack')
      compilation.commands.push(addRule(chain, [DROP], because(invalid, allowInvalid.span)))
    }
}

/** The statement list of one is written as a bare object, which nft does not take for what it is meant to be. */
function writeSynflood(compilation: Compilation, flood: Setting<boolean>): void {
  const { host } = compilation
  push(compilation, 'option-in', [jump('block-synflood')], because(synflood, flood.span))
  const rate = integer(host, 'protection_synflood_rate', 200).value
  const burst = integer(host, 'protection_synflood_burst', 1000).value
  const stmt = { limit: { rate, per: 'second', burst, inv: true } }
  for (const [protocol, set] of [
    ['ip', '@v4-synflood-limit'],
    ['ip6', '@v6-synflood-limit'],
  ] as const) {
    const update = { set: { op: 'update', elem: payload(protocol, 'saddr'), set, stmt } }
    push(compilation, 'ratelimit-synflood', [update, DROP], because(synfloodLimit, flood.span))
  }
}

/** Objects and rules of the conntrack helpers (firewall.rs `setup_ct_helper`); unknown names are left out. */
export function writeHelpers(compilation: Compilation): void {
  const span = compilation.host?.options.get('nf_conntrack_helpers')?.span ?? null
  for (const name of helpers(compilation.host)) {
    const helper = CT_HELPERS.get(name)
    if (helper === undefined) continue
    const why = `connections the helper ${name} looks into`
    writeHelper(compilation, name, helper, generated('setup_ct_helper', why, null, span))
  }
}

/** The first rule compares the state with two states at once and therefore never matches. */
function writeHelper(
  compilation: Compilation,
  name: string,
  { protocol, port, v4Only }: CtHelper,
  origin: Generated,
): void {
  const object = `helper-${name}-${protocol}`
  const l3proto = v4Only ? 'ip' : null
  const definition: Json = { ...HOST_TABLE, name: object, type: name, protocol, l3proto }
  compilation.commands.push({ json: { add: { 'ct helper': definition } }, origin })
  const matches = [equal(meta('l4proto'), protocol), equal(payload('th', 'dport'), port)]
  const state = equal({ ct: { key: 'state' } }, ['new', 'established'])
  const accepted: Generated = { ...origin, means: 'accept' }
  push(compilation, 'ct-in', [...matches, state, ACCEPT], accepted)
  push(compilation, 'ct-in', [...matches, { 'ct helper': object }], origin)
  const key: Json = v4Only ? { key: 'helper', family: 'ip' } : { key: 'helper' }
  push(compilation, 'ct-in', [equal({ ct: key }, name), ACCEPT], accepted)
}

function push(
  { commands }: Compilation,
  chain: string,
  expr: readonly Statement[],
  origin: Generated,
): void {
  commands.push(addRule(chainOf(HOST_TABLE, chain), expr, origin))
}
