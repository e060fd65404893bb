import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/eval/evaluate.ts'
import type { Hop } from '../../src/netfilter/hook.ts'
import type { CtState } from '../../src/netfilter/packet.ts'
import { readLive } from '../../src/read/live/read-live.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { hopOf, question, tcp } from '../support/kernel-builders.ts'

const families = ['ip', 'ip6', 'inet'] as const
const prerouting = hopOf({ hook: 'prerouting', families, iif: 'eth0' })
const forward = hopOf({ hook: 'forward', families, iif: 'eth0', oif: 'eth1' })
const postrouting = hopOf({ hook: 'postrouting', families, oif: 'eth1' })
/** The bridge the packet leaves by, behind the IP stack. */
const behind = hopOf({ hook: 'postrouting', families: ['bridge'], bridgeOut: 'tap100i0' })

function nftRule(family: string, chain: string, expr: readonly unknown[]): unknown {
  return { rule: { family, table: 't', chain, expr } }
}

function saddr(right: string): unknown {
  return { match: { op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } }, right } }
}

/** A guest's chain on a bridge, as proxmox-firewall has it: drops one source. */
function guestDrops(source: string): string {
  const bridge = { family: 'bridge', table: 't' }
  return JSON.stringify({
    nftables: [
      { table: { family: 'bridge', name: 't' } },
      {
        chain: {
          ...bridge,
          name: 'in',
          type: 'filter',
          hook: 'postrouting',
          prio: 0,
          policy: 'accept',
        },
      },
      nftRule('bridge', 'in', [saddr(source), { drop: null }]),
    ],
  })
}

const masquerade =
  '*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -s 10.0.0.0/8 -o eth1 -j MASQUERADE\n'
const snat = '*nat\n-A POSTROUTING -s 10.0.0.0/8 -j SNAT --to-source 203.0.113.1\n'
const dnat = '*nat\n-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n'
const twice = `${snat}-A POSTROUTING -j DROP\n`

type Case = {
  readonly name: string
  readonly dumps: readonly string[]
  readonly hops: readonly Hop[]
  readonly dport?: number
  readonly state?: CtState
  readonly outcome: string
  readonly says?: RegExp
}

const cases: readonly Case[] = [
  {
    name: 'a new source is let through',
    dumps: [masquerade],
    hops: [forward, postrouting],
    outcome: 'accept',
  },
  {
    name: 'behind it rules see the new source, not the old one',
    dumps: [snat, guestDrops('10.0.0.5')],
    hops: [postrouting, behind],
    outcome: 'accept',
  },
  {
    name: 'a source that is known then decides',
    dumps: [snat, guestDrops('203.0.113.1')],
    hops: [postrouting, behind],
    outcome: 'drop',
  },
  {
    name: 'one that is not known leaves open what a rule asks of it',
    dumps: [masquerade, guestDrops('203.0.113.1')],
    hops: [postrouting, behind],
    outcome: 'unknown',
    says: /ip saddr 203\.0\.113\.1/,
  },
  {
    name: 'the rules behind the one that translates are not asked',
    dumps: [twice],
    hops: [postrouting],
    outcome: 'accept',
  },
  {
    name: 'nor are they at the next hook of the same end',
    dumps: [snat.replace('\n', '\n:INPUT DROP [0:0]\n')],
    hops: [postrouting, hopOf({ hook: 'input', families })],
    outcome: 'accept',
  },
  {
    name: 'a connection that exists is not asked about',
    dumps: [twice.replace(snat, '*nat\n')],
    hops: [postrouting],
    state: 'established',
    outcome: 'accept',
  },
  {
    name: 'a new destination ends what can be said',
    dumps: [dnat],
    hops: [prerouting, forward],
    dport: 8080,
    outcome: 'unknown',
    says: /DNAT --to-destination 172\.17\.0\.2:80` gives the packet another destination/,
  },
  {
    name: 'other ports are not meant',
    dumps: [dnat],
    hops: [prerouting, forward],
    outcome: 'accept',
  },
]

describe('translation of addresses on a live node', () => {
  for (const { name, dumps, hops, dport = 80, state = null, outcome, says } of cases)
    it(name, () => {
      const { ruleset } = readLive(dumps.map((text, at) => sourceFile(`v4-${at}`, text)))
      const packet = tcp(dport, { src: '10.0.0.5', dst: '192.0.2.9' })
      const trace = evaluate(question(ruleset, packet, hops, { state }))
      expect(trace.outcome).toBe(outcome)
      if (says !== undefined) expect(trace.assumptions.at(-1)?.text).toMatch(says)
    })
})
