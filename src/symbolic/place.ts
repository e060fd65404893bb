import type { CompiledChain } from '../eval/compiled-chain.ts'
import {
  CT_MARK_SLOT,
  CT_STATE_SLOT,
  MARK_SLOT,
  packetValues,
  setHop,
  stateValue,
  UNKNOWN,
  type Values,
} from '../eval/field-value.ts'
import { baseChainsAt, stateSeenBy } from '../eval/hop.ts'
import { asksForNat, manipulationAt } from '../eval/nat.ts'
import type { Fib } from '../netfilter/fib.ts'
import { fieldSlot } from '../netfilter/field.ts'
import type { Hop, Path } from '../netfilter/hook.ts'
import { type CtState, ETHERTYPE, type Packet } from '../netfilter/packet.ts'
import type { Ruleset } from '../netfilter/ruleset.ts'
import { type Family, freeFields } from './fields.ts'
import type { Surroundings } from './formula.ts'

/** What is asked of all packets of a family that go one way: a {@link Question} of the evaluator without the packet. */
export type SymbolicQuestion = {
  readonly family: Family
  readonly ruleset: Ruleset
  readonly path: Path
  readonly fib: Fib
  /** Packet mark at the start of each leg, and mark of the connection. */
  readonly mark: number
  readonly ctMark: number
  /** VLAN tag of the frames; left out: none. */
  readonly vlan?: number | null
}

/** What rules have done to a packet on its way so far. All of it is known: it depends only on which rules matched. */
export type State = {
  readonly mark: number
  readonly ctMark: number
  readonly notrack: boolean
  /** A rule that somebody looks for had its say on the way. */
  readonly noted: boolean
}

/** A base chain on the way, and what a packet has there. */
export type Place = {
  readonly base: CompiledChain
  readonly hop: Hop
  /** First chain of its leg: the packet comes with a fresh mark. */
  readonly startsLeg: boolean
  /** First chain of a hop where conntrack looks anew. */
  readonly startsTracking: boolean
  /** Of type nat: only packets that begin a connection are asked, and then this is true. */
  readonly asksNewOnly: boolean
  /** What a test finds there, in a state; places that are alike to rules share it, and so their summaries. */
  readonly scene: Scene
}

/** All that tests of one base chain and the chains under it can see, but for the marks. */
export type Scene = {
  readonly id: number
  readonly at: (state: State) => Surroundings
  /** With marks that nobody knows, and every connection state: what {@link learn} is fed from. */
  readonly any: Surroundings
}

/** The base chains of a way in the order the kernel runs them for one family of packets. */
export function placesOn(question: SymbolicQuestion, scenes: SceneCache): readonly Place[] {
  const places: Place[] = []
  const settled = new Set<'source' | 'destination'>()
  const template = templateOf(question.family, question.vlan ?? null)
  for (const leg of question.path.legs) {
    let startsLeg = true
    for (const hop of leg.hops) {
      let startsTracking = hop.tracks
      let hasNat = false
      for (const { family, chain } of baseChainsAt(question.ruleset, hop, template)) {
        const isNat = chain.chain.base?.type === 'nat'
        if (isNat) hasNat = true
        if (isNat && !asksForNat('new', hop.hook, settled)) continue
        const pinned = stateSeenBy(chain, hop, 'unknown')
        places.push({
          base: chain,
          hop,
          startsLeg,
          startsTracking,
          asksNewOnly: isNat,
          scene: scenes.of(question, template, hop, family, pinned === 'unknown' ? null : pinned),
        })
        startsLeg = false
        startsTracking = false
      }
      if (hasNat) settled.add(manipulationAt(hop.hook))
    }
  }
  return places
}

/** A packet of which only the family is known. */
export function templateOf(family: Family, vlan: number | null): Packet {
  const ether = { src: 'unknown', dst: 'unknown', type: TYPES[family], vlan } as const
  if (family === 'arp')
    return {
      ether,
      l3: {
        kind: 'arp',
        operation: 1,
        senderIp: 'unknown',
        targetIp: 'unknown',
        senderMac: 'unknown',
      },
      l4: { kind: 'none' },
    }
  return {
    ether,
    l3: { kind: family, src: 'unknown', dst: 'unknown', srcType: null, dstType: null },
    l4: { kind: 'other', proto: 0 },
  }
}

const TYPES = { ip: ETHERTYPE.ip, ip6: ETHERTYPE.ip6, arp: ETHERTYPE.arp } as const

/** Scenes by what tells them apart, so that chains under them are summed up once. */
export type SceneCache = {
  readonly of: (
    question: SymbolicQuestion,
    template: Packet,
    hop: Hop,
    family: Parameters<typeof setHop>[2],
    pinned: CtState | null,
  ) => Scene
}

/**
 * `alike`: see {@link alikeFor}; by it two guests' ways over a bridge are one scene.
 */
export function newSceneCache(alike: (device: string) => string): SceneCache {
  const known = new Map<string, Scene>()
  const numbers = new WeakMap<object, number>()
  let count = 0
  const numberOf = (thing: object): number => {
    const found = numbers.get(thing)
    if (found !== undefined) return found
    count += 1
    numbers.set(thing, count)
    return count
  }
  return {
    of: (question, template, hop, family, pinned) => {
      const seen = seenHop(hop, family, alike)
      const { iif, oif, physin, physout, bridgeIn, bridgeOut, ibrname, obrname } = seen
      const about = `${numberOf(question.ruleset)} ${numberOf(question.fib)} ${question.family} ${question.vlan} ${family} ${pinned} ${seen.hook}`
      // no device is told from one without a name
      const devices = [iif, oif, physin, physout, bridgeIn, bridgeOut, ibrname, obrname]
      const key = `${about} ${devices.map((device) => device ?? '\0').join(' ')}`
      let scene = known.get(key)
      if (scene === undefined) {
        scene = sceneOf(known.size, question, template, seen, family, pinned)
        known.set(key, scene)
      }
      return scene
    },
  }
}

/** A hop with only what tests can see of it. */
function seenHop(
  hop: Hop,
  family: Parameters<typeof setHop>[2],
  alike: (device: string) => string,
): Hop {
  const name = (device: string | null): string | null => (device === null ? null : alike(device))
  const isBridge = family === 'bridge'
  return {
    hook: hop.hook === 'output' ? 'output' : 'forward',
    families: [],
    iif: isBridge ? null : name(hop.iif),
    oif: isBridge ? null : name(hop.oif),
    physin: name(hop.physin),
    physout: name(hop.physout),
    bridgeIn: isBridge ? name(hop.bridgeIn) : null,
    bridgeOut: isBridge ? name(hop.bridgeOut) : null,
    ibrname: name(hop.ibrname),
    obrname: name(hop.obrname),
    tracks: false,
  }
}

function sceneOf(
  id: number,
  question: SymbolicQuestion,
  packet: Packet,
  hop: Hop,
  family: Parameters<typeof setHop>[2],
  pinned: CtState | null,
): Scene {
  const fields = freeFields(question.family)
  const free = new Set(fields.map(fieldSlot))
  const base = packetValues(packet)
  for (const slot of free) base[slot] = UNKNOWN
  setHop(base, hop, family, packet)
  const { fib } = question
  const here = (values: Values): Surroundings => ({ values, packet, fib, free })
  const open = [...base]
  open[MARK_SLOT] = UNKNOWN
  open[CT_MARK_SLOT] = UNKNOWN
  open[CT_STATE_SLOT] = UNKNOWN
  const inState = new Map<string, Surroundings>()
  return {
    id,
    any: here(open),
    at: ({ mark, ctMark, notrack }) => {
      const key = `${mark} ${ctMark} ${notrack}`
      let made = inState.get(key)
      if (made === undefined) {
        const values = [...base]
        values[MARK_SLOT] = mark
        values[CT_MARK_SLOT] = ctMark
        values[CT_STATE_SLOT] = stateValue(notrack ? 'untracked' : (pinned ?? 'unknown'))
        made = here(values)
        inState.set(key, made)
      }
      return made
    },
  }
}
