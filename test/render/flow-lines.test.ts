import { describe, expect, it } from 'vitest'
import { parseAddr } from '../../src/ip/address.ts'
import { changeWords } from '../../src/render/conntrack-changes.ts'
import { showEntry } from '../../src/render/conntrack-line.ts'
import { safeJson } from '../../src/render/escape.ts'
import { flowJson } from '../../src/render/flow-json.ts'
import { renderFlow, showClock } from '../../src/render/flow-lines.ts'
import { renderFlowMinimal } from '../../src/render/flow-minimal.ts'
import { plainLook } from '../../src/render/look.ts'
import { plain } from '../../src/render/show.ts'
import { CONVERSATIONS, entry, tcp } from './conversations.ts'

const cases = Object.entries(CONVERSATIONS)

describe('a conversation', () => {
  it.each(cases)('%s reads as in its golden file', async (name, flow) => {
    const text = ([0, 1] as const)
      .map((detail) => `--- detail ${detail}\n${plain(renderFlow(flow, detail, plainLook))}`)
      .join('\n')
    const lines = renderFlowMinimal(flow)
    await expect(`${text}\n--- minimal\n${lines}`).toMatchFileSnapshot(`golden/flow-${name}.txt`)
  })

  it.each(cases)('%s is the same in JSON', async (name, flow) => {
    await expect(`${safeJson(flowJson(flow), 2)}\n`).toMatchFileSnapshot(`golden/flow-${name}.json`)
  })

  it.each(cases)('%s keeps within 80 columns and never ends a line in a blank', (_name, flow) => {
    for (const line of plain(renderFlow(flow, 1, plainLook)).split('\n')) {
      expect([...line].length).toBeLessThanOrEqual(80)
      expect(line).toBe(line.trimEnd())
    }
  })

  it('a line for programs has seven fields', () => {
    for (const [, flow] of cases)
      for (const line of renderFlowMinimal(flow).trimEnd().split('\n'))
        expect(line.split(' ')).toHaveLength(7)
  })
})

describe('an entry as conntrack -L prints it', () => {
  const addr = (text: string): bigint => parseAddr(text)?.bits ?? 0n
  const tuple = { version: 6, src: addr('fd00::53'), dst: addr('fd00::105'), proto: 58 } as const
  const facts: readonly (readonly [name: string, shown: string, expected: string])[] = [
    [
      'not answered',
      showEntry(entry(), 0),
      'tcp      6 120 SYN_SENT src=192.168.1.53 dst=192.168.1.105 sport=49152 dport=80 [UNREPLIED] src=192.168.1.105 dst=192.168.1.53 sport=80 dport=49152 mark=0',
    ],
    [
      'seconds that are left are rounded down',
      showEntry(
        entry({ tcp: tcp('ESTABLISHED'), seenReply: true, assured: true, mark: 7, helper: 'ftp' }),
        1,
      ),
      'tcp      6 119 ESTABLISHED src=192.168.1.53 dst=192.168.1.105 sport=49152 dport=80 src=192.168.1.105 dst=192.168.1.53 sport=80 dport=49152 [ASSURED] mark=7 helper=ftp',
    ],
    [
      'a ping',
      showEntry(
        entry({
          tcp: null,
          zone: 3,
          original: { ...tuple, sport: 1, dport: 128 * 256 },
          reply: { ...tuple, src: tuple.dst, dst: tuple.src, sport: 1, dport: 129 * 256 },
        }),
        100_000,
      ),
      'icmpv6   58 20 src=fd00::53 dst=fd00::105 type=128 code=0 id=1 [UNREPLIED] src=fd00::105 dst=fd00::53 type=129 code=0 id=1 zone=3 mark=0',
    ],
  ]
  it.each(facts)('%s', (_name, shown, expected) => {
    expect(shown).toBe(expected)
  })
})

describe('what changed of an entry', () => {
  const facts: readonly (readonly [Parameters<typeof entry>[0], readonly string[]])[] = [
    [{ expiresAt: 180_000 }, ['for 180 s']],
    [{ tcp: tcp('SYN_RECV'), seenReply: true }, ['SYN_SENT → SYN_RECV', 'answered', 'for 120 s']],
    [{ assured: true, mark: 5, helper: 'ftp' }, ['assured', 'mark=5', 'helper=ftp', 'for 120 s']],
  ]
  it.each(facts)('%j', (more, expected) => {
    expect(changeWords(entry(), entry(more), 0)).toEqual(expected)
  })
})

it('the clock has milliseconds', () => {
  expect(showClock(0)).toBe('+0.000s')
  expect(showClock(31_005)).toBe('+31.005s')
})
