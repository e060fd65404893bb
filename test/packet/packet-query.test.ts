import { expect, test } from 'vitest'
import { ask } from '../../src/firewall/ask.ts'
import { findPackets } from '../../src/firewall/find/find.ts'
import { wantedBy } from '../../src/firewall/find/wanted.ts'
import { queryOfPacket } from '../../src/packet/packet-query.ts'
import { openNode } from '../support/ask.ts'

const nothing = {
  ...{ from: null, to: null, src: null, 'not-src': null, dst: null, 'not-dst': null, proto: null },
  ...{ sport: null, dport: null, state: null, verdict: null, by: null },
}

test.each(['iptables', 'nftables'] as const)(
  'with %s a packet that was found is asked about again with the same verdict',
  (backend) => {
    const firewall = openNode('examples/small-office', 'office', backend)
    let count = 0
    for (const verdict of ['accept', 'drop', 'reject'] as const) {
      const wanted = wantedBy(firewall, { ...nothing, verdict }, false)
      if (typeof wanted === 'string') throw new Error(wanted)
      for (const { way, witness, trace } of findPackets(firewall, wanted).matches.slice(0, 40)) {
        const { packet, state } = witness
        const asked = ask(firewall, queryOfPacket(way.from.text, way.to.text, packet, state))
        const said = asked.kind === 'traced' ? asked.trace.outcome : asked.problems[0]?.message
        expect(said, `${way.from.text} -> ${way.to.text}`).toBe(trace.outcome)
        count += 1
      }
    }
    expect(count).toBeGreaterThan(20)
  },
)
