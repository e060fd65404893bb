import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { entriesOf } from '../../src/eval/conntrack/table.ts'
import { inverted } from '../../src/eval/conntrack/tuple.ts'
import type { FlowResult } from '../../src/firewall/flow/flow-result.ts'
import type { NodeFirewall } from '../../src/firewall/node-firewall.ts'
import { disagreement } from '../../src/kernel/compare.ts'
import type { KernelConnection } from '../../src/kernel/ctnetlink.ts'
import { type KernelLab, openLab } from '../../src/kernel/kernel-lab.ts'
import { localTransport } from '../../src/kernel/transport.ts'
import { type ConntrackEntry, protocolState } from '../../src/netfilter/conntrack.ts'
import { parseScript } from '../../src/packet/flow/parse-script.ts'
import type { Script } from '../../src/packet/flow/step.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { anyScript } from '../packet/flow/arbitraries.ts'
import { openNode } from '../support/ask.ts'
import { answered, storyOf, talk } from '../support/converse.ts'
import { scenarioRoot } from '../support/scenarios.ts'
import { titled, toolsMissing } from './name-space.ts'

const missing = toolsMissing(
  'iptables-legacy-save >/dev/null',
  'ip6tables-legacy-save >/dev/null',
  'ipset list >/dev/null',
  'nft list ruleset >/dev/null',
  'ebtables-nft -L >/dev/null',
)

let lab: KernelLab
beforeAll(async () => {
  if (missing === null) lab = await openLab(localTransport())
})
afterAll(async () => {
  if (missing === null) await lab.close()
})

/** Sends what a flow sent: the first packet that the kernel does something else with, or the tables if they differ. */
async function differs(result: FlowResult): Promise<readonly string[]> {
  const walked = result.events.flatMap((event) =>
    event.kind === 'packet' && event.fate.kind === 'walked' ? [event.fate.asked] : [],
  )
  const questions = walked.flatMap(({ stages }) => stages.map(({ question }) => question))
  expect(questions).toHaveLength(walked.length)
  await lab.flush()
  const answers = await lab.ask(questions, { keep: true })
  expect(answers).toHaveLength(walked.length)
  const found = answers.flatMap((answer, index) => {
    const trace = walked[index]?.trace
    const differ = trace === undefined ? null : disagreement(trace, answer, 'iptables')
    return differ === null
      ? []
      : [`packet ${index + 1}`, ...differ.model, '--- the kernel', ...differ.kernel]
  })
  const ours = [...result.tables.values()].flatMap((table) => entriesOf(table).map(factsOf))
  const theirs = (await lab.connections()).map(factsOf)
  if (found.length === 0 && ours.toSorted().join('\n') !== theirs.toSorted().join('\n'))
    found.push('conntrack', ...ours, '--- the kernel', ...theirs)
  return found
}

function factsOf(one: ConntrackEntry | KernelConnection): string {
  const { original, reply, seenReply, assured, mark, helper } = one
  const state = ('state' in one ? one.state : protocolState(one)) ?? '-'
  const { src, dst, proto, sport, dport } = original
  const turned = inverted(original)
  const isPlain = turned?.src === reply.src && turned.dst === reply.dst
  return [
    ...[proto, src, sport, dst, dport, state, `mark ${mark}`, helper ?? '-'],
    ...[seenReply ? 'answered' : '', assured ? 'assured' : '', isPlain ? '' : 'translated'],
  ].join(' ')
}

const HANDSHAKE = '> syn\n< syn+ack\n> ack\n'
const usual = { close: 'fin', mode: null, answerAfter: 0 } as const
const said = (conversation: 'tcp' | 'udp' | 'ping' | 'ftp' | 'tftp', more: object = {}) =>
  ({ kind: 'usual', conversation, options: { ...usual, ...more } }) as const

const office = new URL('../../examples/small-office', import.meta.url).pathname
const ftp = scenarioRoot('ftp-passive')

describe(titled('a conversation is the one that a kernel has', missing), () => {
  type Fact = readonly [name: string, root: string, arrow: string, said: Parameters<typeof talk>[2]]
  const facts: readonly Fact[] = [
    ['to the shop', office, '192.168.1.53 -> 105:443', said('tcp')],
    ['to the shop, and reset', office, '192.168.1.53 -> 105:443', said('tcp', { close: 'rst' })],
    ['dropped', office, '192.168.1.53 -> 105:80', said('tcp')],
    ['rejected', office, '198.51.100.9 -> 105:22', said('tcp')],
    ['rejected by the host', office, '198.51.100.9 -> host:22', said('tcp')],
    ['a query', office, '105 -> 1.1.1.1:53', said('udp')],
    ['a ping', office, '105 -> 1.1.1.1', said('ping')],
    ['a ping of the host', office, '192.168.1.40 -> host', said('ping')],
    ['from the host', office, 'host -> 192.168.1.20:80', said('tcp')],
    ['PASV', ftp, 'outside 198.51.100.9 -> vm105', said('ftp')],
    ['EPSV', ftp, 'outside 198.51.100.9 -> vm105', said('ftp', { mode: 'epsv' })],
    ['PORT', ftp, 'outside 198.51.100.9 -> vm105', said('ftp', { mode: 'port' })],
    ['EPRT', ftp, 'outside 198.51.100.9 -> vm105', said('ftp', { mode: 'eprt' })],
    ['TFTP without helper', office, '105 -> 192.168.1.20', said('tftp')],
    ['an error', office, '105 -> 1.1.1.1:53', '> udp\n< icmp port-unreachable\n'],
    ['half of it', office, '192.168.1.53 -> 105:443', '> syn\n< syn+ack unseen\n> ack\n> data\n'],
    ['the other half', office, '192.168.1.53 -> 105:443', '> syn unseen\n< syn+ack\n'],
    ['a closed port', office, '192.168.1.53 -> 105:443', '> syn\n< rst+ack\n'],
    [
      'out of the window',
      office,
      '192.168.1.53 -> 105:443',
      `${HANDSHAKE}> data 9 seq=+1000000000\n< data 9 ack=-1000000000\n> data 9\n`,
    ],
    [
      'sent again',
      office,
      '192.168.1.53 -> 105:443',
      `> syn\n${HANDSHAKE}> data 9\n> data 9 again\n< ack\n`,
    ],
    [
      'opened anew',
      office,
      '192.168.1.53 -> 105:443',
      `${HANDSHAKE}> fin+ack\n< fin+ack\n> ack\n${HANDSHAKE}`,
    ],
    ['in the middle', office, '192.168.1.53 -> 105:443', '> data 5\n< data 5\n'],
  ]
  it.skipIf(missing !== null).each(facts)('%s', async (_name, root, arrow, what) => {
    const firewall = openNode(root, null, 'iptables')
    expect(await lab.load(firewall)).toEqual({ kind: 'loaded' })
    const conversed = talk(firewall, arrow, what)
    const story = storyOf(answered(conversed))
    if (conversed.kind === 'refused') throw new Error('refused')
    expect([...(await differs(conversed.result)), ...story]).toEqual(story)
  })

  it.skipIf(missing !== null)('any script', { timeout: 300_000 }, async () => {
    const firewall: NodeFirewall = openNode(office, null, 'iptables')
    expect(await lab.load(firewall)).toEqual({ kind: 'loaded' })
    let packets = 0
    const ends = fc.constantFrom(
      '192.168.1.53 -> 105 192.168.1.105 tcp/443',
      '198.51.100.9 -> 105 192.168.1.105 tcp/22',
      '192.168.1.40 -> host 192.168.1.10 tcp/22',
      '105 192.168.1.105 -> 198.51.100.9 tcp/80',
    )
    await fc.assert(
      fc.asyncProperty(begun, ends, async (script, arrow) => {
        const conversed = talk(firewall, arrow, { kind: 'script', script })
        if (conversed.kind === 'refused') throw new Error(conversed.problems[0]?.message)
        packets += conversed.result.events.length
        expect(await differs(conversed.result)).toEqual([])
      }),
      { numRuns: 150 },
    )
    expect(packets).toBeGreaterThan(200)
  })
})

/** A script, mostly of a connection that is there. */
const begun: fc.Arbitrary<Script> = fc
  .tuple(fc.integer({ min: 0, max: 3 }), anyScript.map(atOnce).filter(sends))
  .map(([started, { connections, steps }]) => {
    const opening = parseScript(sourceFile('script', HANDSHAKE)).value.steps.slice(0, started)
    return { connections, steps: [...opening, ...steps] }
  })

/** A kernel's clock goes by itself; and packets of one protocol, as those of a script have to be. */
function atOnce({ connections, steps }: Script): Script {
  return {
    connections,
    steps: steps.flatMap((step) => {
      if (step.kind === 'wait') return []
      const { what, connection } = step
      if (what.kind !== 'tcp') return connection === null ? [] : [step]
      // a cable takes 1500 bytes
      return [{ ...step, what: { ...what, length: Math.min(what.length, 1400) } }]
    }),
  }
}

function sends({ steps }: Script): boolean {
  return steps.some((step) => step.kind === 'packet' && !step.unseen)
}
