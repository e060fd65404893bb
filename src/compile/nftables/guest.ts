import type { NftGuest } from '../../config/dialect/nftables/model.ts'
import { flag, logLevel, verdict } from '../../config/dialect/nftables/options.ts'
import type { Refused } from '../../config/dialect/nftables/refused.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import { addChain, addElements, addRule, flushChain } from './commands.ts'
import type { Compilation, Place } from './compilation.ts'
import { ACCEPT, DROP, equal, jump, meta, payload, type Statement, unequal } from './expression.ts'
import { deviceOf, filteredNics, type GuestDirection, guestChain } from './guest-names.ts'
import { writeGuestSets } from './guest-sets.ts'
import { because, generated } from './origins.ts'
import { writePolicy } from './policy.ts'
import { compileRules } from './rule.ts'
import { GUEST_TABLE } from './tables.ts'

const DIRECTIONS = ['in', 'out'] as const

const chainMade = generated('create_guest_chain', 'chain of the guest')
const before = generated(
  'create_guest_chain',
  'connections that were accepted once go on, whatever the rules say now',
)
const arpOut = generated(
  'handle_guest_options',
  'a guest may send ARP, unless a filter above forbids it',
  'accept',
)
const macFilter = generated(
  'handle_guest_options',
  'only the MAC address of the NIC may send (macfilter)',
  'drop',
)
const macFilterArp = generated(
  'handle_guest_options',
  'ARP may name the MAC address of the NIC only (macfilter)',
  'drop',
)
const mark = generated('create_guest_rules', 'marks the connections of the guest with its number')

/** What the options `dhcp`, `ndp` and `radv` do: a jump into a chain that accepts or one that drops. */
const OPTION_ORIGINS = {
  dhcp: {
    allow: generated('handle_guest_options', 'DHCP is let through before the rules (dhcp)'),
    block: generated('handle_guest_options', 'DHCP is dropped before the rules (dhcp: 0)'),
  },
  ndp: {
    allow: generated(
      'handle_guest_options',
      'neighbour discovery is let through before the rules (ndp)',
    ),
    block: generated(
      'handle_guest_options',
      'neighbour discovery is dropped before the rules (ndp: 0)',
    ),
  },
  ra: {
    allow: generated(
      'handle_guest_options',
      'the guest may send router advertisements and redirects (radv: 1)',
    ),
    block: generated(
      'handle_guest_options',
      'router advertisements and redirects of the guest are dropped (radv)',
    ),
  },
} as const

const ARP = equal(meta('protocol'), 'arp')
const SENDER_MAC: Json = { concat: [meta('iifname'), payload('ether', 'saddr')] }
const SENDER_ARP: Json = { concat: [meta('iifname'), payload('arp', 'saddr ether')] }

/** All of a guest whose firewall is on (firewall.rs `full_host_fw`, its loop over guests). */
export function writeGuest(compilation: Compilation, guest: NftGuest): Refused | null {
  const { commands } = compilation
  for (const direction of DIRECTIONS) {
    const chain = guestChain(guest, direction)
    commands.push(addChain(chain, chainMade), flushChain(chain, chainMade))
    commands.push(addRule(chain, [jump(`pre-vm-${direction}`)], before))
  }
  const refusal = writeGuestSets(compilation, guest)
  if (refusal !== null) return refusal
  writeGuestOptions(compilation, guest)
  for (const direction of DIRECTIONS) writeGuestRules(compilation, guest, direction)
  return null
}

function writeGuestOptions({ commands }: Compilation, guest: NftGuest): void {
  const into = guestChain(guest, 'in')
  const out = guestChain(guest, 'out')
  const macfilter = flag(guest.fw, 'macfilter', true)
  if (macfilter.value) {
    const allowed = filteredNics(guest).map(
      ({ index, mac }): Json => ({ concat: [deviceOf(guest, index), mac] }),
    )
    if (allowed.length > 0) {
      const set: Json = { set: allowed }
      const byMac = because(macFilter, macfilter.span)
      const byArp = because(macFilterArp, macfilter.span)
      commands.push(addRule(out, [unequal(SENDER_MAC, set), DROP], byMac))
      commands.push(addRule(out, [unequal(SENDER_ARP, set), DROP], byArp))
    }
  }
  for (const option of ['dhcp', 'ndp'] as const) {
    const { value, span } = flag(guest.fw, option, true)
    const word = value ? 'allow' : 'block'
    const origin = because(OPTION_ORIGINS[option][word], span)
    commands.push(addRule(into, [JUMPS[`${word}-${option}-in`]], origin))
    commands.push(addRule(out, [JUMPS[`${word}-${option}-out`]], origin))
  }
  const radv = flag(guest.fw, 'radv', false)
  const word = radv.value ? 'allow' : 'block'
  const origin = because(OPTION_ORIGINS.ra[word], radv.span)
  commands.push(addRule(out, [JUMPS[`${word}-ra-out`]], origin))
  commands.push(addRule(out, [ARP, ACCEPT], arpOut))
}

const JUMPS = {
  'allow-dhcp-in': jump('allow-dhcp-in'),
  'allow-dhcp-out': jump('allow-dhcp-out'),
  'block-dhcp-in': jump('block-dhcp-in'),
  'block-dhcp-out': jump('block-dhcp-out'),
  'allow-ndp-in': jump('allow-ndp-in'),
  'allow-ndp-out': jump('allow-ndp-out'),
  'block-ndp-in': jump('block-ndp-in'),
  'block-ndp-out': jump('block-ndp-out'),
  'allow-ra-out': jump('allow-ra-out'),
  'block-ra-out': jump('block-ra-out'),
} as const

/** The mark, the rules, the entries of the NICs in the map, the policy (firewall.rs `create_guest_rules`). */
function writeGuestRules(
  compilation: Compilation,
  guest: NftGuest,
  direction: GuestDirection,
): void {
  const { commands } = compilation
  const chain = guestChain(guest, direction)
  const place: Place = { compilation, chain, direction, guest }
  commands.push(addRule(chain, [markStatement(guest)], mark))
  compileRules(guest.fw.rules, place)
  writeMapElements(compilation, guest, direction)
  const option = `policy_${direction}`
  writePolicy(place, {
    option,
    verdict: verdict(guest.fw, option, direction === 'in' ? 'DROP' : 'ACCEPT'),
    level: logLevel(guest.fw, `log_level_${direction}`),
  })
}

function markStatement({ vmid }: NftGuest): Statement {
  return { mangle: { key: { ct: { key: 'mark' } }, value: vmid } }
}

/** Without an entry a NIC's packets do not come to the guest's chains at all. */
function writeMapElements(
  { commands }: Compilation,
  guest: NftGuest,
  direction: GuestDirection,
): void {
  const nics = filteredNics(guest)
  if (nics.length === 0) return
  const target = guestChain(guest, direction).name
  const elem = nics.map(({ index }): Json => [deviceOf(guest, index), { goto: { target } }])
  const why = 'leads the packets of this NIC into the chain of its guest (firewall=1)'
  const origins = nics.map(({ span }) => generated('create_guest_rules', why, null, span))
  const origin = generated('create_guest_rules', why)
  commands.push(addElements(GUEST_TABLE, `vm-map-${direction}`, elem, origin, origins))
}
