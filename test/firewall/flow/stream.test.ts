import { describe, expect, it } from 'vitest'
import { arrived, NEW_STREAM, type Stream, sent } from '../../../src/firewall/flow/stream.ts'
import { parseScript } from '../../../src/packet/flow/parse-script.ts'
import { sourceFile } from '../../../src/source/source-file.ts'

/** Segments of a script as numbers off the initial ones, all of them delivered but those that end in `# lost`. */
function segmentsOf(text: string): readonly string[] {
  const { value, diagnostics } = parseScript(sourceFile('script', text))
  expect(diagnostics).toEqual([])
  const lines = text.trim().split('\n')
  let stream: Stream = NEW_STREAM
  return value.steps.map((step, index) => {
    if (step.kind !== 'packet' || step.what.kind !== 'tcp') throw new Error('no segment')
    const own = step.direction === 'forth' ? 1_000_000 : 5_000_000
    const peer = step.direction === 'forth' ? 5_000_000 : 1_000_000
    const made = sent(stream, step.direction, step.what)
    const { segment } = made
    stream = lines[index]?.endsWith('# lost')
      ? made.stream
      : arrived(made.stream, step.direction, segment, step.what.flags)
    const ack = segment.ack === 0 ? '-' : String(segment.ack - peer)
    return `${segment.seq - own} ${ack} ${segment.window}`
  })
}

const HANDSHAKE = '> syn\n< syn+ack\n> ack\n'

describe('a segment stands where its connection expects it', () => {
  const facts: readonly (readonly [name: string, script: string, expected: readonly string[]])[] = [
    ['a handshake', HANDSHAKE, ['0 - 64240', '0 1 64240', '1 1 502']],
    [
      'data moves the stream, and the answer acknowledges it',
      `${HANDSHAKE}> data 100\n< data 10\n> ack`,
      ['0 - 64240', '0 1 64240', '1 1 502', '1 1 502', '1 101 502', '101 11 502'],
    ],
    [
      'a FIN takes a number',
      `${HANDSHAKE}> fin+ack\n< fin+ack\n> ack`,
      ['0 - 64240', '0 1 64240', '1 1 502', '1 1 502', '1 2 502', '2 2 502'],
    ],
    [
      'a SYN that is sent again has the number of the first',
      '> syn # lost\n> syn\n< syn+ack\n< syn+ack\n> ack',
      ['0 - 64240', '0 - 64240', '0 1 64240', '0 1 64240', '1 1 502'],
    ],
    [
      'again: the number of the last segment',
      `${HANDSHAKE}> data 5\n> data 5 again\n> data 5`,
      ['0 - 64240', '0 1 64240', '1 1 502', '1 1 502', '1 1 502', '6 1 502'],
    ],
    [
      'what did not arrive is not acknowledged',
      `${HANDSHAKE}> data 5 # lost\n> data 5\n< ack`,
      ['0 - 64240', '0 1 64240', '1 1 502', '1 1 502', '6 1 502', '1 1 502'],
    ],
    [
      'numbers may be off, and take nothing of the stream then',
      `${HANDSHAKE}> data 5 seq=+100 ack=-1\n> data 5`,
      ['0 - 64240', '0 1 64240', '1 1 502', '101 0 502', '1 1 502'],
    ],
    [
      'a SYN after the end begins another connection',
      `${HANDSHAKE}> rst+ack\n> syn`,
      ['0 - 64240', '0 1 64240', '1 1 502', '1 1 0', '1000001 - 64240'],
    ],
    [
      'without scaling windows are as large as in a SYN',
      '> syn wscale=none\n< syn+ack\n> ack',
      ['0 - 64240', '0 1 64240', '1 1 64240'],
    ],
    [
      'a bare reset acknowledges nothing',
      `${HANDSHAKE}< rst`,
      ['0 - 64240', '0 1 64240', '1 1 502', '1 - 0'],
    ],
  ]
  it.each(facts)('%s', (_name, script, expected) => {
    expect(segmentsOf(script)).toEqual(expected)
  })

  it('numbers are unsigned and run over', () => {
    const what = { ...segment(), seq: { kind: 'off-by', value: -2_000_000 } } as const
    expect(sent(NEW_STREAM, 'forth', what).segment.seq).toBe(2 ** 32 - 1_000_000)
  })
})

function segment() {
  const [step] = parseScript(sourceFile('script', '> ack')).value.steps
  if (step?.kind !== 'packet' || step.what.kind !== 'tcp') throw new Error('no segment')
  return step.what
}
