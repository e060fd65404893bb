import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { isPassive } from '../../src/eval/compiled-chain.ts'
import type { ChainTrace } from '../../src/eval/trace.ts'
import { ask } from '../../src/firewall/ask.ts'
import { diffNode } from '../../src/firewall/diff/diff.ts'
import { holdsFor } from '../../src/firewall/holds.ts'
import { idleLines } from '../../src/firewall/lint/effects.ts'
import { auditLockout } from '../../src/firewall/lockout/audit.ts'
import { matrixOf } from '../../src/firewall/matrix/matrix.ts'
import { addressesOfEnd, endsOn } from '../../src/firewall/ways.ts'
import { showAddr } from '../../src/ip/address.ts'
import { PROTO, TCP_FLAG } from '../../src/netfilter/packet.ts'
import { EMPTY_QUERY } from '../../src/packet/query.ts'
import { nodeDescription } from '../support/arbitraries/node-description.ts'
import { filesOf, openFiles } from '../support/arbitraries/node-text.ts'
import { packetQuery } from '../support/arbitraries/packet-query.ts'
import { runs } from '../support/runs.ts'

// minutes on a busy machine
vi.setConfig({ testTimeout: 900_000 })

it('where a node does not differ from another, no packet gets another verdict', () => {
  fc.assert(
    fc.property(
      nodeDescription,
      nodeDescription,
      fc.constantFrom('iptables', 'nftables'),
      fc.boolean(),
      fc.array(packetQuery, { minLength: 20, maxLength: 20 }),
      (one, other, backend, isSame, queries) => {
        const before = openFiles(filesOf(one, backend), backend)
        const after = isSame
          ? openFiles(filesOf(one, backend), backend)
          : openFiles(
              filesOf(
                { ...one, guests: { ...one.guests, 100: other.guests[100] ?? null } },
                backend,
              ),
              backend,
            )
        // each packet that is told was traced on both sides, or this throws
        const found = diffNode(before, after)
        const { changes, odd, untold } = found
        if (isSame) expect({ changes, odd, untold }).toEqual({ changes: [], odd: [], untold: [] })
        if (changes.length + odd.length + untold.length > 0) return
        for (const query of queries) {
          const [a, b] = [ask(before, query), ask(after, query)]
          if (a.kind === 'traced' && b.kind === 'traced')
            expect(b.trace.outcome).toBe(a.trace.outcome)
        }
      },
    ),
    { numRuns: runs(100), endOnFailure: true },
  )
})

it('of what is proved no packet is lost, of what is lost some packet is', () => {
  fc.assert(
    fc.property(
      nodeDescription,
      fc.constantFrom('iptables', 'nftables'),
      fc.array(fc.tuple(fc.nat(0xffff), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }),
      (description, backend, picks) => {
        const firewall = openFiles(filesOf(description, backend), backend)
        const found = auditLockout(firewall, null, {
          admin: ['10.10.0.0/24', '203.0.113.0/24', 'fd10:10::/64'],
          session: null,
          nodes: [],
        })
        if ('unknown' in found) throw new Error('administrators are not known')
        const { audited: all } = found
        for (const { need, proof } of all) {
          if (proof.kind === 'lost') {
            expect(proof.witness.trace.outcome).not.toBe('accept')
            continue
          }
          if (proof.kind !== 'proved' || need.group !== 'admin') continue
          const { lo = 0n, hi = 0n } = need.from.addresses?.[0] ?? {}
          for (const [address, sport] of picks) {
            const bits = lo + 1n + (BigInt(address) % (hi - lo - 1n))
            const asked = ask(firewall, {
              ...EMPTY_QUERY,
              ...{ from: need.from.place, to: 'host', proto: PROTO.tcp, flags: TCP_FLAG.SYN },
              ...{ src: showAddr({ version: need.family, bits }), family: need.family },
              ...{ dport: need.ports[0]?.[0] ?? 0, sport: 1024 + (sport % 60_000) },
              dst: need.to.address === null ? null : showAddr(need.to.address),
            })
            if (asked.kind === 'traced') expect(asked.trace.outcome).toBe('accept')
          }
        }
      },
    ),
    { numRuns: runs(100), endOnFailure: true },
  )
})

/** Lines whose rules a packet matched, in a chain and those it went into. */
function linesIn({ hits }: ChainTrace): readonly string[] {
  return hits.flatMap(({ rule, into }) => [
    ...(rule.origin.kind === 'rule' && !isPassive(rule)
      ? [`${rule.origin.span.file.path} ${rule.origin.span.start}`]
      : []),
    ...(into === null ? [] : linesIn(into)),
  ])
}

it('no packet matches a line that is said to be idle', () => {
  let idle = 0
  fc.assert(
    fc.property(
      nodeDescription,
      fc.constantFrom('iptables', 'nftables'),
      fc.array(packetQuery, { minLength: 60, maxLength: 60 }),
      (description, backend, queries) => {
        const firewall = openFiles(filesOf(description, backend), backend)
        const found = new Set(
          idleLines([firewall]).map(({ span }) => `${span.file.path} ${span.start}`),
        )
        idle += found.size
        for (const query of queries) {
          // states a packet cannot have are not what a line is idle for
          const asked = ask(firewall, { ...query, state: null })
          if (asked.kind === 'refused') continue
          for (const { chains } of asked.trace.hops)
            for (const line of chains.flatMap(linesIn)) expect(found.has(line)).toBe(false)
        }
      },
    ),
    { numRuns: runs(100), endOnFailure: true },
  )
  expect(idle).toBeGreaterThan(0)
})

it('an answer holds for its own packet, and each flip is one', () => {
  let told = 0
  fc.assert(
    fc.property(
      nodeDescription,
      fc.constantFrom('iptables', 'nftables'),
      fc.array(packetQuery, { minLength: 10, maxLength: 10 }),
      (description, backend, queries) => {
        const firewall = openFiles(filesOf(description, backend), backend)
        for (const query of queries) {
          const asked = ask(firewall, query)
          if (asked.kind === 'refused') continue
          // to grow around the packet asserts that it is in the region of its verdict and line
          const holds = holdsFor(asked)
          if (holds === null) continue
          told += 1
          const kept = asked.trace.outcome === 'accept' ? ['drop', 'reject'] : ['accept']
          for (const { to } of holds.flips) expect(kept).toContain(to)
        }
      },
    ),
    { numRuns: runs(60), endOnFailure: true },
  )
  expect(told).toBeGreaterThan(runs(60))
})

it('a cell of the matrix is what is traced', () => {
  const service = { name: 'test', proto: PROTO.tcp, ports: [[80, 80]] as const }
  fc.assert(
    fc.property(
      nodeDescription,
      fc.constantFrom('iptables', 'nftables'),
      fc.array(fc.tuple(fc.nat(0xffff), fc.nat(60_000)), { minLength: 4, maxLength: 4 }),
      (description, backend, picks) => {
        const firewall = openFiles(filesOf(description, backend), backend)
        const ends = endsOn(firewall)
        const { cells } = matrixOf(firewall, ends, ends, [service], 'ip')
        for (const [i, from] of ends.entries())
          for (const [j, to] of ends.entries()) {
            const cell = cells[0]?.[i]?.[j]
            if (cell === undefined || cell.kind === 'part' || cell.kind === 'no-way') continue
            for (const [address, sport] of picks) {
              const known = addressesOfEnd(firewall, from, 4).length > 0
              const src = showAddr({
                version: 4,
                bits: (10n << 24n) + (200n << 16n) + BigInt(address),
              })
              const asked = ask(firewall, {
                ...EMPTY_QUERY,
                ...{
                  from: from.text,
                  to: to.text,
                  proto: PROTO.tcp,
                  flags: TCP_FLAG.SYN,
                  family: 4,
                },
                ...{ dport: 80, sport: 1024 + sport, src: known ? null : src },
              })
              if (asked.kind === 'refused' || asked.trace.outcome === 'unknown') continue
              expect(asked.trace.outcome === 'accept').toBe(cell.kind === 'yes')
            }
          }
      },
    ),
    { numRuns: runs(40), endOnFailure: true },
  )
})
