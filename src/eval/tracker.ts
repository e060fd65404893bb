import type { Hop } from '../netfilter/hook.ts'
import type { CtState, Known } from '../netfilter/packet.ts'
import type { HelperChoice } from '../netfilter/ruleset.ts'
import { stateOf } from './conntrack/first-packet.ts'
import { finished } from './conntrack/helper.ts'
import { type ConntrackTable, isEmpty, withEntry } from './conntrack/table.ts'
import { helperFor, NO_TEMPLATE, type Template, type Tracked, track } from './conntrack/track.ts'
import { CT_MARK_SLOT, type Values } from './field-value.ts'
import type { Question } from './trace.ts'

/** Connection tracking on the way of one packet: which state rules see, and what the table holds after it. */
export type Tracker = {
  /** What conntrack said when it looked last. */
  state: Known<CtState>
  /** Null where the state was given, or there is no table: nothing is looked up. */
  table: ConntrackTable | null
  /** The connection of the packet as it stands. */
  tracked: Tracked | null
  /** The bridge's own conntrack looked (nf_conntrack_bridge): it confirms there too. */
  byBridge: boolean
}

/** The tracker of a question. */
export function trackerOf(question: Question): Tracker {
  const { state, tracking, packet } = question
  const machine = state === null && tracking !== undefined
  return {
    state: state ?? (machine ? 'invalid' : stateOf(packet)),
    table: tracking?.table ?? null,
    tracked: null,
    byBridge: false,
  }
}

/** Where the packet comes into a traversal: what conntrack knew of it before is forgotten. */
export function forget(tracker: Tracker): void {
  tracker.tracked = null
}

/**
 * Conntrack looks the packet up (`nf_conntrack_in`), unless a rule has taken it out. `template`: what rules before told
 * it.
 */
export function look(
  tracker: Tracker,
  { packet, tracking, state }: Question,
  hop: Hop,
  values: Values,
  { notrack, template }: { readonly notrack: boolean; readonly template: Template | null },
): void {
  if (tracking === undefined || state !== null || tracker.table === null || notrack) return
  const { now, settings } = tracking
  const tracked = track(tracker.table, packet, now, settings, template ?? NO_TEMPLATE)
  if (tracked === null) {
    // an empty table has nothing that what is not known could be part of
    tracker.state = isEmpty(tracker.table) ? stateOf(packet) : 'unknown'
    tracker.tracked = null
    return
  }
  tracker.state = tracked.state
  tracker.tracked = tracked
  tracker.table = tracked.table
  tracker.byBridge = !hop.families.some((family) => family !== 'bridge')
  values[CT_MARK_SLOT] = tracked.entry?.mark ?? 0
}

/** A rule gives the connection a helper: only one that is not in the table yet takes it (`nft_ct_helper_obj_eval`). */
export function giveHelper(tracker: Tracker, choice: HelperChoice): void {
  const { tracked } = tracker
  if (tracked?.entry == null || tracked.entry.confirmed || tracked.entry.helper !== null) return
  const helper = helperFor(choice, tracked.entry.original)
  if (helper !== null) tracker.tracked = { ...tracked, entry: { ...tracked.entry, helper } }
}

/**
 * The packet got through a hop. At the last hook of a traversal its connection is confirmed (`nf_confirm`, at the end
 * of POST_ROUTING and LOCAL_IN; `nf_ct_bridge_post`), unless its helper drops the packet: why; null: it does not.
 */
export function passed(
  tracker: Tracker,
  { packet, tracking }: Question,
  hop: Hop,
  values: Values,
): string | null {
  keepMarks(tracker, values)
  if (tracker.tracked === null || tracking === undefined || !isLast(hop, tracker.byBridge))
    return null
  const { tracked, lost } = finished(tracker.tracked, packet, tracking.now)
  tracker.tracked = tracked
  tracker.table = tracked.table
  return lost
}

/** Marks rules gave the connection: CONNMARK writes to it at once, whatever becomes of the packet. */
export function keepMarks(tracker: Tracker, values: Values): void {
  if (tracker.tracked === null) return
  tracker.tracked = marked(tracker.tracked, values)
  tracker.table = tracker.tracked.table
}

function isLast({ hook, families }: Hop, byBridge: boolean): boolean {
  if (hook !== 'postrouting' && hook !== 'input') return false
  return families.some((family) => family !== 'bridge') || (byBridge && hook === 'postrouting')
}

function marked(tracked: Tracked, values: Values): Tracked {
  const { entry, table } = tracked
  const mark = values[CT_MARK_SLOT]
  if (entry === null || typeof mark !== 'number' || mark === entry.mark) return tracked
  const own = { ...entry, mark }
  return { ...tracked, entry: own, table: own.confirmed ? withEntry(table, own) : table }
}
