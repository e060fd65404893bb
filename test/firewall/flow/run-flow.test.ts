import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NodeFirewall } from '../../../src/firewall/node-firewall.ts'
import type { ConversationOptions } from '../../../src/packet/flow/conversations.ts'
import { CONVERSATIONS } from '../../../src/packet/flow/kinds.ts'
import { readConntrack } from '../../../src/read/conntrack.ts'
import { showEntry } from '../../../src/render/conntrack-line.ts'
import { sourceFile } from '../../../src/source/source-file.ts'
import { anyScript } from '../../packet/flow/arbitraries.ts'
import { openNode } from '../../support/ask.ts'
import { answered, storyOf, talk } from '../../support/converse.ts'
import { makeTree, SMALL_NODE } from '../../support/tree.ts'

const GUEST = 'etc/pve/firewall/100.fw'
const HOST = 'etc/pve/nodes/pve1/host.fw'
const usual: ConversationOptions = { close: 'fin', mode: null, answerAfter: 0 }

const opened = new Map<string, NodeFirewall>()

/** Node pve1 with guest 100, 10.0.0.100, and these files instead of its own; each is read once. */
function node(files: Readonly<Record<string, string>>): NodeFirewall {
  const key = JSON.stringify(files)
  const known = opened.get(key) ?? openNode(makeTree({ ...SMALL_NODE, ...files }), null)
  opened.set(key, known)
  return known
}

const openSsh = { [GUEST]: '[OPTIONS]\nenable: 1\n\n[RULES]\nIN SSH(ACCEPT)\n' }
const openFtp = { [GUEST]: '[OPTIONS]\nenable: 1\n\n[RULES]\nIN ACCEPT -p tcp -dport 21\n' }
const rejecting = { [GUEST]: '[OPTIONS]\nenable: 1\npolicy_in: REJECT\n' }
const helped = { ...openFtp, [HOST]: '[OPTIONS]\nnf_conntrack_helpers: ftp,tftp\n' }
const off = { 'etc/pve/firewall/cluster.fw': '[OPTIONS]\nenable: 0\n' }

const HANDSHAKE = '> syn\n< syn+ack\n> ack\n'
const toGuest = '10.0.0.9 -> 100 10.0.0.100 tcp/22'
const fromGuest = '100 10.0.0.100 -> outside 1.1.1.1 udp/53'

describe('a conversation', () => {
  type Fact = readonly [
    name: string,
    files: Readonly<Record<string, string>>,
    arrow: string,
    script: string,
    story: readonly string[],
  ]
  const begun = ['> SYN ACCEPT NEW', '< SYN/ACK ACCEPT ESTABLISHED', '> ACK ACCEPT ESTABLISHED']
  const facts: readonly Fact[] = [
    ['a handshake', openSsh, toGuest, HANDSHAKE, begun],
    [
      'what answers a lost packet is not sent',
      {},
      toGuest,
      `${HANDSHAKE}> data`,
      ['> SYN DROP NEW', '< SYN/ACK not-sent', '> ACK not-sent', '> data (1 byte) not-sent'],
    ],
    [
      'a packet that answers nothing is sent all the same',
      {},
      toGuest,
      '> syn\nwait 1s\n> syn\n< syn+ack',
      ['> SYN DROP NEW', 'wait 1000', '> SYN DROP NEW', '< SYN/ACK not-sent'],
    ],
    [
      'and so is a forced one: the first bridge knows the SYN that the second one dropped',
      {},
      toGuest,
      '> syn\n<! syn+ack',
      ['> SYN DROP NEW', '< SYN/ACK ACCEPT ESTABLISHED'],
    ],
    [
      'the answers go another way: the ACK fits no connection',
      openSsh,
      toGuest,
      '> syn\n< syn+ack unseen\n> ack',
      ['> SYN ACCEPT NEW', '< SYN/ACK unseen', '> ACK DROP INVALID'],
    ],
    [
      'the packets forth go another way: the SYN/ACK answers nothing',
      openSsh,
      toGuest,
      '> syn unseen\n< syn+ack\n> ack',
      ['> SYN unseen', '< SYN/ACK DROP INVALID', '> ACK not-sent'],
    ],
    [
      'a segment out of the window',
      openSsh,
      toGuest,
      `${HANDSHAKE}> data 10 seq=+1000000000`,
      [...begun, '> data (10 bytes) DROP INVALID'],
    ],
    [
      'the reset of a closed port is lost at the second bridge',
      openSsh,
      toGuest,
      '> syn\n< rst+ack',
      ['> SYN ACCEPT NEW', '< RST/ACK DROP INVALID'],
    ],
    [
      'an answer after 29 seconds',
      {},
      fromGuest,
      '> udp\nwait 29s\n< udp',
      ['> query ACCEPT NEW', 'wait 29000', '< answer ACCEPT ESTABLISHED'],
    ],
    [
      'an answer after 31 seconds is a new packet',
      {},
      fromGuest,
      '> udp\nwait 31s\n< udp',
      ['> query ACCEPT NEW', 'wait 31000', '< answer DROP NEW'],
    ],
    [
      'a stream of datagrams lasts longer',
      {},
      fromGuest,
      '> udp\n< udp\nwait 3s\n> udp\nwait 119s\n< udp\nwait 121s\n< udp',
      [
        ...['> query ACCEPT NEW', '< answer ACCEPT ESTABLISHED', 'wait 3000'],
        ...['> query ACCEPT ESTABLISHED', 'wait 119000', '< answer ACCEPT ESTABLISHED'],
        ...['wait 121000', '< answer DROP NEW'],
      ],
    ],
    [
      'an error about a datagram belongs to it',
      {},
      fromGuest,
      '> udp\n< icmp port-unreachable',
      ['> query ACCEPT NEW', '< ICMP port-unreachable ACCEPT RELATED'],
    ],
    [
      'also from a router on the way',
      {},
      fromGuest,
      '> udp\n< icmp ttl-exceeded src=192.0.2.1',
      ['> query ACCEPT NEW', '< ICMP ttl-exceeded ACCEPT RELATED'],
    ],
    [
      'a ping',
      {},
      '100 10.0.0.100 -> outside 1.1.1.1',
      '> ping\n< pong\nwait 31s\n< pong',
      [
        ...['> echo request ACCEPT NEW', '< echo reply ACCEPT ESTABLISHED'],
        ...['wait 31000', '< echo reply DROP INVALID'],
      ],
    ],
    [
      'a reset ends the conversation for its sender',
      rejecting,
      toGuest,
      '> syn\n> syn\n< syn+ack',
      ['> SYN REJECT NEW', '> SYN not-sent', '< SYN/ACK not-sent'],
    ],
    [
      'any other protocol',
      {},
      '100 10.0.0.100 -> outside 1.1.1.1 proto=gre',
      '> packet\n< packet',
      ['> packet ACCEPT NEW', '< packet ACCEPT ESTABLISHED'],
    ],
  ]
  it.each(facts)('%s', (_name, files, arrow, script, story) => {
    expect(storyOf(answered(talk(node(files), arrow, script)))).toEqual(story)
  })
})

it('answers by another NIC are of the same connection: conntrack is that of the node', () => {
  const files = {
    ...openSsh,
    'etc/network/interfaces': `${SMALL_NODE['etc/network/interfaces']}\niface vmbr1 inet manual\n\tbridge-ports eno2\n`,
    'etc/pve/nodes/pve1/qemu-server/100.conf':
      'net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1\nnet1: virtio=BC:24:11:00:00:02,bridge=vmbr1,firewall=1\n',
  }
  const wayBack = { from: '100/net1', to: 'outside:vmbr1', via: null }
  const answer = answered(talk(node(files), toGuest, HANDSHAKE, { wayBack }))
  expect(storyOf(answer)).toEqual([
    '> SYN ACCEPT NEW',
    '< SYN/ACK ACCEPT ESTABLISHED',
    '> ACK ACCEPT ESTABLISHED',
  ])
  const [, back] = answer.events
  const hops =
    back?.kind === 'packet' && back.fate.kind === 'walked' ? back.fate.answer.trace.hops : []
  expect(hops.flatMap(({ hop }) => hop.physout ?? [])).toContain('eno2')
})

describe('FTP and TFTP', () => {
  const ftp = 'outside 10.0.0.9 -> 100 10.0.0.100'
  const facts: readonly (readonly [
    name: string,
    files: typeof helped | typeof openFtp,
    mode: ConversationOptions['mode'],
    failure: string | null,
  ])[] = [
    ['with the helper the data connection is RELATED', helped, 'pasv', null],
    ['also by EPSV', helped, 'epsv', null],
    ['also if the server opens it', helped, 'port', null],
    ['also by EPRT', helped, 'eprt', null],
    [
      'without it is NEW',
      openFtp,
      'pasv',
      'the SYN (transfer) is dropped by policy_in (default); NEW: no helper of conntrack reads the connection that announced it (nf_conntrack_helpers)',
    ],
  ]
  it.each(facts)('%s', (_name, files, mode, failure) => {
    const said = { kind: 'usual', conversation: 'ftp', options: { ...usual, mode } } as const
    const answer = answered(talk(node(files), ftp, said))
    expect(answer.failure?.text ?? null).toBe(failure)
  })

  it('the answer of TFTP comes from another port', () => {
    const said = { kind: 'usual', conversation: 'tftp', options: usual } as const
    const arrow = '100 10.0.0.100 -> outside 10.0.0.9'
    expect(storyOf(answered(talk(node(helped), arrow, said)))).toEqual([
      '> query ACCEPT NEW',
      '< datagram (transfer) ACCEPT RELATED',
      '> datagram (transfer) ACCEPT ESTABLISHED',
    ])
    expect(storyOf(answered(talk(node({}), arrow, said)))).toEqual([
      '> query ACCEPT NEW',
      '< datagram (transfer) DROP NEW',
      '> datagram (transfer) not-sent',
    ])
  })
})

describe('why a packet is lost', () => {
  const facts: readonly (readonly [
    files: Readonly<Record<string, string>>,
    arrow: string,
    script: string,
    why: string,
  ])[] = [
    [
      {},
      toGuest,
      '> syn',
      'the SYN is dropped by policy_in (default); the connection never begins; conntrack of pve1 keeps a first half of it, as the packet got through a bridge before',
    ],
    [
      openSsh,
      toGuest,
      '> syn\n< syn+ack unseen\n> ack',
      'INVALID: conntrack of pve1 never saw the answer, which goes another way, so the connection is still SYN_SENT',
    ],
    [
      openSsh,
      toGuest,
      '> syn unseen\n< syn+ack',
      'INVALID: conntrack of pve1 never saw what it answers, which goes another way',
    ],
    [
      openSsh,
      toGuest,
      `${HANDSHAKE}> data 1 seq=+1000000000`,
      'INVALID: it is out of the window that conntrack of pve1 knows',
    ],
    [
      {},
      fromGuest,
      '> udp\nwait 31s\n< udp',
      'conntrack of pve1 forgot the connection 1 s before, as nobody had used it for so long',
    ],
    [{}, toGuest, '> syn\n<! icmp port-unreachable', 'the connection never begins'],
    [
      {},
      fromGuest,
      '> udp unseen\n< udp',
      'NEW: conntrack of pve1 never saw what it answers, which goes another way',
    ],
  ]
  it.each(facts)('%j %s %j', (files, arrow, script, why) => {
    expect(answered(talk(node(files), arrow, script)).failure?.text).toContain(why)
  })
})

describe('another configuration in mid-conversation', () => {
  const said = { kind: 'usual', conversation: 'tcp', options: usual } as const
  it('the session lives on, the next one is refused', () => {
    const next = { firewall: node({}), moment: 'handshake' }
    const answer = answered(talk(node(openSsh), toGuest, said, { next }))
    expect(storyOf(answer).slice(2, 5)).toEqual([
      '> ACK ACCEPT ESTABLISHED',
      'new configuration',
      '> data (100 bytes) ACCEPT ESTABLISHED',
    ])
    expect(answer.verdict).toBe('accept')
    expect(answer.anew?.verdict).toBe('drop')
    expect(answer.anew?.failure?.number).toBe(1)
  })

  it('of another node is no such thing', () => {
    const files = { 'etc/pve/nodes/pve2/host.fw': '[OPTIONS]\nenable: 1\n' }
    const next = { firewall: openNode(makeTree({ ...SMALL_NODE, ...files }), 'pve2'), moment: '1' }
    const conversed = talk(node(openSsh), toGuest, said, { next })
    expect(conversed.kind === 'refused' && conversed.problems[0]?.code).toBe('flow/other-node')
  })
})

describe('with a dump of conntrack', () => {
  const line =
    'tcp 6 431999 ESTABLISHED src=10.0.0.9 dst=10.0.0.100 sport=50022 dport=22 src=10.0.0.100 dst=10.0.0.9 sport=22 dport=50022 [ASSURED] mark=0 use=1\n'
  const conntrack = readConntrack(sourceFile('dump', line)).value
  const arrow = '10.0.0.9:50022 -> 100 10.0.0.100 tcp/22'

  it('a connection that it tells of goes on, in any window', () => {
    const answer = answered(talk(node({}), arrow, '> data\n< data seq=+7', { conntrack }))
    expect(storyOf(answer)).toEqual([
      '> data (1 byte) ACCEPT ESTABLISHED',
      '< data (1 byte) ACCEPT ESTABLISHED',
    ])
  })

  it('until its time is over', () => {
    const answer = answered(talk(node({}), arrow, 'wait 5d\n> data', { conntrack }))
    expect(storyOf(answer)).toEqual(['wait 432000000', '> data (1 byte) DROP NEW'])
    expect(answer.events[0]).toMatchObject({ changes: [{ kind: 'gone', why: 'expired' }] })
  })

  it('stands in the table at the end', () => {
    const answer = answered(talk(node({}), fromGuest, '> udp', { conntrack }))
    const lines = answer.tables.flatMap(({ entries }) => entries.map((one) => showEntry(one, 0)))
    expect(lines.toSorted()).toEqual([
      'tcp      6 431999 ESTABLISHED src=10.0.0.9 dst=10.0.0.100 sport=50022 dport=22 src=10.0.0.100 dst=10.0.0.9 sport=22 dport=50022 [ASSURED] mark=0',
      'udp      17 30 src=10.0.0.100 dst=1.1.1.1 sport=49152 dport=53 [UNREPLIED] src=1.1.1.1 dst=10.0.0.100 sport=53 dport=49152 mark=100',
    ])
  })
})

describe('what cannot be asked', () => {
  const facts: readonly (readonly [arrow: string, script: string, code: string])[] = [
    ['10.0.0.9 -> 100 10.0.0.100 udp/22', '> syn', 'flow/mixed-protocols'],
    ['10.0.0.9 -> 100 10.0.0.100', '> syn', 'flow/no-port'],
    ['10.0.0.9 -> 100 tcp/22', '> syn', 'flow/address-unknown'],
    ['10.0.0.9 -> 100 10.0.0.100 tcp/22', '<! icmp port-unreachable', 'flow/nothing-asked-of'],
    [
      '10.0.0.9 -> 100 10.0.0.100 tcp/22',
      '> syn unseen\n< icmp nd-redirect',
      'query/mixed-families',
    ],
  ]
  it.each(facts)('%s %j', (arrow, script, code) => {
    const conversed = talk(node({}), arrow, script)
    expect(conversed.kind === 'refused' && conversed.problems[0]?.code).toBe(code)
  })

  it('an answer by a bridge when neither end is outside', () => {
    const wayBack = { from: null, to: null, via: 'vmbr1' }
    const conversed = talk(node({}), 'host -> 100 10.0.0.100 tcp/22', '> syn', { wayBack })
    expect(conversed.kind === 'refused' && conversed.problems[0]?.code).toBe('flow/way-back')
  })
})

describe('a stranger whose address no rule asks for', () => {
  it('gets one for examples', () => {
    const { filled } = answered(talk(node(openSsh), 'outside -> 100 10.0.0.100 tcp/22', '> syn'))
    expect(filled).toContainEqual({
      field: 'src',
      value: '198.51.100.1',
      why: 'an address for examples: no rule asks which it is',
    })
  })

  it('but none if one does', () => {
    const rules = '[OPTIONS]\nenable: 1\n\n[RULES]\nIN SSH(ACCEPT) -source 10.0.0.0/24\n'
    const conversed = talk(node({ [GUEST]: rules }), 'outside -> 100 10.0.0.100 tcp/22', '> syn')
    expect(conversed.kind === 'refused' && conversed.problems[0]?.code).toBe('flow/address-unknown')
  })
})

describe('laws', () => {
  it('where nothing is filtered every packet of every script gets there', () => {
    const firewall = node(off)
    const script = anyScript
      .map(({ connections, steps }) => ({
        connections,
        // of one protocol, as a script has to be
        steps: steps.filter(
          (step) => step.kind === 'wait' || step.what.kind === 'tcp' || step.connection !== null,
        ),
      }))
      .filter(({ steps }) => steps.some((step) => step.kind === 'packet'))
    fc.assert(
      fc.property(script, (one) => {
        const said = { kind: 'script', script: one } as const
        const answer = answered(talk(firewall, toGuest, said))
        expect(answer.failure).toBeNull()
        expect(answer.verdict).toBe('accept')
        expect(answer.events).toHaveLength(one.steps.length)
      }),
      { numRuns: 50 },
    )
  })

  it('the same is answered twice', () => {
    const firewall = node(openSsh)
    for (const conversation of CONVERSATIONS) {
      const said = { kind: 'usual', conversation, options: usual } as const
      const arrow = conversation === 'tcp' ? toGuest : '10.0.0.9 -> 100 10.0.0.100'
      const ports = conversation === 'udp' ? `${arrow} dport=53` : arrow
      const once = () => storyOf(answered(talk(firewall, ports, said)))
      expect(once()).toEqual(once())
    }
  })
})
