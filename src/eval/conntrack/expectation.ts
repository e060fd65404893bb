import type { ConntrackExpectation, Tuple } from '../../netfilter/conntrack.ts'
import { type ConntrackTable, entryWithId } from './table.ts'

/** The expectation a first packet fulfils: `nf_ct_find_expectation`, net/netfilter/nf_conntrack_expect.c. */
export function expectedBy(
  { expectations, ...rest }: ConntrackTable,
  { version, proto, src, dst, sport, dport }: Tuple,
  zone: number,
  now: number,
): ConntrackExpectation | null {
  if (expectations.length === 0) return null
  const found = expectations.find(
    (one) =>
      one.zone === zone &&
      one.version === version &&
      one.proto === proto &&
      (one.src === null || one.src === src) &&
      one.dst === dst &&
      (one.sport === null || one.sport === sport) &&
      one.dport === dport &&
      one.expiresAt > now,
  )
  if (found === undefined) return null
  const master = entryWithId({ expectations, ...rest }, found.master)
  return master === null || master.expiresAt <= now ? null : found
}

/**
 * Adds one, in place of an equal one of the same connection and of the oldest where its master may have no more; null:
 * another connection expects the same. `nf_ct_expect_related_report` and `__nf_ct_expect_check`.
 */
export function withExpectation(
  table: ConntrackTable,
  expectation: ConntrackExpectation,
  most: number,
): ConntrackTable | null {
  const { master } = expectation
  const same = table.expectations.filter((one) => clashes(one, expectation))
  if (same.some((one) => one.master !== master)) return null
  const others = table.expectations.filter((one) => !same.includes(one))
  const own = others.filter((one) => one.master === master)
  const tooMany = own.length >= most ? own[0] : undefined
  return { ...table, expectations: [...others.filter((one) => one !== tooMany), expectation] }
}

/** `expect_clash`: what both ask about is equal. */
function clashes(a: ConntrackExpectation, b: ConntrackExpectation): boolean {
  return (
    a.zone === b.zone &&
    a.version === b.version &&
    a.proto === b.proto &&
    a.dst === b.dst &&
    a.dport === b.dport &&
    (a.src === null || b.src === null || a.src === b.src) &&
    (a.sport === null || b.sport === null || a.sport === b.sport)
  )
}
