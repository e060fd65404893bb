import { ipfilterIndex } from '../../config/dialect/nftables/check-guest.ts'
import type {
  NftGuest,
  NftIpSet,
  NftNic,
  NftSetEntry,
} from '../../config/dialect/nftables/model.ts'
import { flag } from '../../config/dialect/nftables/options.ts'
import { isRefused, type Refused } from '../../config/dialect/nftables/refused.ts'
import { compareBytes } from '../../config/dialect/nftables/sdn-names.ts'
import { type IpAddr, widthOf } from '../../ip/address.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import type { Span } from '../../source/source-file.ts'
import { addRule } from './commands.ts'
import type { Compilation } from './compilation.ts'
import { DROP, equal, meta, payload, type Statement, unequal } from './expression.ts'
import { deviceOf, filteredNics, guestChain } from './guest-names.ts'
import { because, type Generated, generated } from './origins.ts'
import { guestSetName } from './resolve.ts'
import { compileSet, writeSet } from './sets.ts'
import { GUEST_TABLE } from './tables.ts'

const BY = 'create_ipfilter_rules'
const arpTarget = generated(
  BY,
  "ARP for other addresses than the guest's is dropped (ipfilter); never reached, since ARP is accepted before",
  'drop',
)
const foreign = generated(
  BY,
  'the guest may not send from addresses outside its ipfilter set (ipfilter)',
  'drop',
)
const excepted = generated(
  BY,
  'the guest may not send from addresses its ipfilter set excepts with `!` (ipfilter)',
  'drop',
)
const arpSender = generated(
  BY,
  'the guest may not name addresses outside its ipfilter set in ARP (ipfilter)',
  'drop',
)

/**
 * IPSets of a guest, sorted by name, then for each filtered NIC its address filter (firewall.rs
 * `create_ipsets` with a guest). A set `management` is never made, nor are filters of unfiltered NICs.
 */
export function writeGuestSets(compilation: Compilation, guest: NftGuest): Refused | null {
  const { ipsets } = guest.fw
  const plain = [...ipsets.values()]
    .filter(({ name }) => name !== 'management' && ipfilterIndex(name) === null)
    .sort((a, b) => compareBytes(a.name, b.name))
  for (const set of plain) {
    const refusal = writeOne(compilation, guest, set)
    if (refusal !== null) return refusal
  }
  const ipfilter = flag(guest.fw, 'ipfilter', false)
  for (const nic of filteredNics(guest)) {
    const name = `ipfilter-net${nic.index}`
    const set = ipsets.get(name) ?? (ipfilter.value ? automaticSet(nic, name) : null)
    if (set === null) continue
    const refusal = writeOne(compilation, guest, set)
    if (refusal !== null) return refusal
    if (ipfilter.value) writeFilter(compilation, guest, nic, ipfilter.span)
  }
  return null
}

function writeOne(compilation: Compilation, guest: NftGuest, set: NftIpSet): Refused | null {
  const compiled = compileSet(compilation, set, guestSetName(guest, set.name), guest)
  if (isRefused(compiled)) return compiled
  writeSet(compilation, GUEST_TABLE, compiled)
  return null
}

/** The link-local address of the MAC address and the fixed addresses of a container. */
function automaticSet({ mac, ip, ip6, span }: NftNic, name: string): NftIpSet {
  const addresses = [linkLocal(mac), ip?.address, ip6?.address].filter(
    (address) => address !== undefined,
  )
  const entries = addresses.map((address): NftSetEntry => {
    const cidr = { address, prefix: widthOf(address.version) }
    return { nomatch: false, item: { kind: 'cidr', cidr }, span }
  })
  return { name, span, entries }
}

/** RFC 4291, appendix A: EUI-64 from the MAC address, below fe80::/64. */
function linkLocal(mac: string): IpAddr {
  const bytes = mac.split(':').map((byte) => BigInt(`0x${byte}`))
  const [a = 0n, b = 0n, c = 0n, ...rest] = bytes
  const eui = [a ^ 2n, b, c, 0xffn, 0xfen, ...rest]
  return { version: 6, bits: eui.reduce((bits, byte) => (bits << 8n) | byte, 0xfe80n << 48n) }
}

/** One rule towards the guest and five from it (rule.rs `impl ToNftRules for Ipfilter`). */
function writeFilter(
  { commands }: Compilation,
  guest: NftGuest,
  { index }: NftNic,
  span: Span | null,
): void {
  const device = deviceOf(guest, index)
  const name = guestSetName(guest, `ipfilter-net${index}`)
  const v4 = `@v4-${name}`
  const v6 = `@v6-${name}`
  const into = guestChain(guest, 'in')
  const towards = equal(meta('oifname'), device)
  const target = unequal(payload('arp', 'daddr ip'), v4)
  commands.push(addRule(into, [towards, target, DROP], because(arpTarget, span)))
  const from = equal(meta('iifname'), device)
  const rules: readonly (readonly [Statement, Generated])[] = [
    [unequal(SOURCE_V4, v4), foreign],
    [equal(SOURCE_V4, `${v4}-nomatch`), excepted],
    [unequal(SOURCE_V6, v6), foreign],
    [equal(SOURCE_V6, `${v6}-nomatch`), excepted],
    [unequal(payload('arp', 'saddr ip'), v4), arpSender],
  ]
  const out = guestChain(guest, 'out')
  for (const [match, origin] of rules)
    commands.push(addRule(out, [from, match, DROP], because(origin, span)))
}

const SOURCE_V4: Json = payload('ip', 'saddr')
const SOURCE_V6: Json = payload('ip6', 'saddr')
