import type {
  ConntrackEntry,
  ConntrackExpectation,
  Direction,
  Tuple,
} from '../../netfilter/conntrack.ts'
import {
  EMPTY_MAP,
  mapDelete,
  mapGet,
  mapSet,
  mapValues,
  type PersistentMap,
} from './persistent-map.ts'
import { tupleText, zoneIn } from './tuple.ts'

/**
 * The connections of one node, as a value: each step makes a new one that shares the rest with the old one.
 *
 * INVARIANT: an entry is found by both its tuples; ids are never used twice.
 */
export type ConntrackTable = {
  readonly byTuple: PersistentMap<number>
  readonly byId: PersistentMap<ConntrackEntry>
  readonly expectations: readonly ConntrackExpectation[]
  readonly nextId: number
}

export const EMPTY_TABLE: ConntrackTable = {
  byTuple: EMPTY_MAP,
  byId: EMPTY_MAP,
  expectations: [],
  nextId: 1,
}

/** A table of these connections; their ids are given anew, `master`s follow. */
export function tableOf(
  entries: readonly ConntrackEntry[],
  expectations: readonly ConntrackExpectation[] = [],
): ConntrackTable {
  let table: ConntrackTable = { ...EMPTY_TABLE, expectations }
  for (const entry of entries) table = withEntry(table, entry)
  return table
}

/** All connections, oldest first. */
export function entriesOf({ byId }: ConntrackTable): readonly ConntrackEntry[] {
  return [...mapValues(byId)].sort((a, b) => a.id - b.id)
}

export function entryWithId({ byId }: ConntrackTable, id: number): ConntrackEntry | null {
  return mapGet(byId, String(id))
}

/** Where tuples are looked for. */
export type Zone = Pick<ConntrackEntry, 'zone' | 'zoneOf'>

type FoundEntry = { readonly entry: ConntrackEntry; readonly direction: Direction }

/**
 * A connection one of whose tuples this is, and which: `resolve_normal_ct`, `nf_ct_key_equal`. Expired ones are not
 * found.
 */
export function findEntry(
  table: ConntrackTable,
  tuple: Tuple,
  zone: Zone,
  now: number,
): FoundEntry | null {
  return (
    entryAt(table, tuple, zoneIn(zone, 'original'), 'original', now) ??
    entryAt(table, tuple, zoneIn(zone, 'reply'), 'reply', now)
  )
}

/** The connection that keeps another out of the table, as it gets the same answers: the second search of `__nf_conntrack_confirm`. */
export function rivalOf(
  table: ConntrackTable,
  entry: ConntrackEntry,
  now: number,
): ConntrackEntry | null {
  const zone = zoneIn(entry, 'reply')
  const found =
    entryAt(table, entry.reply, zone, 'reply', now) ??
    (zone === zoneIn(entry, 'original') ? entryAt(table, entry.reply, zone, 'original', now) : null)
  return found?.entry ?? null
}

function entryAt(
  table: ConntrackTable,
  tuple: Tuple,
  zone: number,
  direction: Direction,
  now: number,
): FoundEntry | null {
  const id = mapGet(table.byTuple, tupleText(tuple, zone, direction))
  const entry = id === null ? null : entryWithId(table, id)
  // nf_ct_is_expired: `timeout - now <= 0`
  return entry === null || entry.expiresAt <= now ? null : { entry, direction }
}

/** What a connection is found by. */
function keysOf(entry: ConntrackEntry): readonly [string, string] {
  return [
    tupleText(entry.original, zoneIn(entry, 'original'), 'original'),
    tupleText(entry.reply, zoneIn(entry, 'reply'), 'reply'),
  ]
}

/** Puts a connection in, in place of the one of its id. */
export function withEntry(table: ConntrackTable, entry: ConntrackEntry): ConntrackTable {
  const { id } = entry
  const known = entryWithId(table, id) !== null
  let { byTuple } = table
  if (!known) for (const key of keysOf(entry)) byTuple = mapSet(byTuple, key, id)
  return {
    ...table,
    byTuple,
    byId: mapSet(table.byId, String(id), entry),
    nextId: Math.max(table.nextId, id + 1),
  }
}

/** Takes a connection out, and what it expected: `nf_ct_delete`, `nf_ct_remove_expectations`. */
export function withoutEntry(table: ConntrackTable, entry: ConntrackEntry): ConntrackTable {
  const { id } = entry
  let { byTuple } = table
  // a tuple may have become another's since
  for (const text of keysOf(entry))
    if (mapGet(byTuple, text) === id) byTuple = mapDelete(byTuple, text)
  const expectations = table.expectations.some(({ master }) => master === id)
    ? table.expectations.filter(({ master }) => master !== id)
    : table.expectations
  return { ...table, byTuple, byId: mapDelete(table.byId, String(id)), expectations }
}

/** Takes out everything whose time is over. */
export function withoutExpired(table: ConntrackTable, now: number): ConntrackTable {
  let left = table
  for (const entry of mapValues(table.byId))
    if (entry.expiresAt <= now) left = withoutEntry(left, entry)
  const expectations = left.expectations.filter(({ expiresAt }) => expiresAt > now)
  return expectations.length === left.expectations.length ? left : { ...left, expectations }
}

export function isEmpty({ byId, expectations }: ConntrackTable): boolean {
  return byId.size === 0 && expectations.length === 0
}
