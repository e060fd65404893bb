import { verdictOrigin } from '../../eval/verdict-origin.ts'
import type {
  Advice,
  LockoutEntry,
  LockoutLoss,
  LockoutStatus,
  LockoutView,
} from '../../render/lockout-view.ts'
import { packetWords } from '../../render/packet-words.ts'
import { regionWords } from '../../render/region-words.ts'
import { namesOf } from '../answer.ts'
import { isRefused, type NodeFirewall } from '../node-firewall.ts'
import { regionNames } from '../region-names.ts'
import { adviceFor } from './advice.ts'
import { type Audited, isLost, type LockoutAudit } from './audit.ts'
import type { Need } from './need.ts'
import type { Proof } from './prove.ts'

/** Groups of needs for which advice is looked for; each costs a compilation of every node. */
const mostAdvised = 12

type Lost = Extract<Proof, { readonly kind: 'lost' }>

/** What an audit shows, with advice for what is lost. */
export function lockoutView({
  firewall,
  audited,
  blind,
  firewalls,
  assumptions,
}: LockoutAudit): LockoutView {
  const names = namesOf(firewalls)
  const advice = adviceOn(firewall, audited)
  return {
    node: firewall.tree.node,
    backend: firewall.backend,
    entries: audited.map((each) => entryOf(each, advice.get(each.need) ?? null, names)),
    blind,
    assumptions,
    remarks: remarksOn(firewalls),
    names,
  }
}

/** One rule for all needs that are lost between the same ends. */
function adviceOn(firewall: NodeFirewall, audited: readonly Audited[]): ReadonlyMap<Need, Advice> {
  const groups = new Map<string, { readonly needs: [Need, ...Need[]]; readonly proof: Lost }>()
  for (const each of audited) {
    const { need, proof } = each
    if (statusOf(each) !== 'lost' || proof.kind !== 'lost') continue
    const key = `${need.between} ${need.family} ${need.proto} ${proof.phase} ${need.from.place} ${need.to.place}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { needs: [need], proof })
    else group.needs.push(need)
  }
  const advice = new Map<Need, Advice>()
  for (const { needs, proof } of [...groups.values()].slice(0, mostAdvised)) {
    const found = adviceFor(firewall, needs, proof)
    if (found !== null) for (const need of needs) advice.set(need, found)
  }
  return advice
}

function statusOf({ need, proof, before }: Audited): LockoutStatus {
  if (proof.kind !== 'lost') return proof.kind
  if (!isLost(need, proof)) return 'partly'
  return before === null ? 'lost' : 'lost-before'
}

function entryOf(each: Audited, advice: Advice | null, names: LockoutView['names']): LockoutEntry {
  const { need, proof } = each
  const { id, service, between, family, why, span } = need
  return {
    ...{ id, status: statusOf(each), service, between, family, why, span },
    doubt: proof.kind === 'unproved' ? proof.why : null,
    withinRates: proof.kind === 'proved' && proof.withinRates,
    asAnswers: proof.kind === 'proved' && proof.asAnswers,
    loss: proof.kind === 'lost' ? { ...lossOf(proof, names), advice } : null,
  }
}

function lossOf(
  { phase, family, pieces, more, witness }: Lost,
  names: LockoutView['names'],
): Omit<LockoutLoss, 'advice'> {
  const known = regionNames(witness.firewall, family)
  const { trace } = witness
  return {
    phase,
    // what every packet of the need has need not be said
    regions: pieces.map((piece) => {
      const fields = new Map([...piece.fields].filter(([field]) => !UNSAID.has(field)))
      return regionWords(family, { ...piece, fields }, known)
    }),
    more,
    packet: packetWords(witness.witness.packet, witness.witness.state),
    answer: { origin: verdictOrigin(trace), names, trace },
  }
}

/** Fields all packets of a need have alike. */
const UNSAID: ReadonlySet<string> = new Set(['meta pkttype', 'tcp flags', 'th sport'])

/** What must be known before a proof is believed. */
function remarksOn(firewalls: readonly NodeFirewall[]): readonly string[] {
  return firewalls.flatMap((firewall) => {
    const { node } = firewall.tree
    if (isRefused(firewall))
      return [`${node}: the configuration is refused; this is what an empty kernel would hold then`]
    if (firewall.compiled.state === 'disabled')
      return [`${node}: the firewall is off, so everything gets through`]
    if (firewall.tree.localNetwork === null)
      return [`${node}: nobody said which network it is in (say it with --local-network)`]
    return []
  })
}
