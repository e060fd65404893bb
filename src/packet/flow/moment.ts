import { TCP_FLAG } from '../../netfilter/packet.ts'
import { type Problem, problem, quoted } from '../problem.ts'
import type { PacketStep, Script } from './step.ts'

/**
 * Index of the step after which something is to happen: the Nth packet, the end of the first handshake (of what has
 * none: the first answer), the first data. A script that never gets that far is a problem.
 */
export function momentOf({ steps }: Script, text: string): number | Problem {
  const packets = steps.flatMap((step, index) => (step.kind === 'packet' ? [{ step, index }] : []))
  const found = /^\d{1,4}$/.test(text)
    ? packets[Number(text) - 1]
    : text === 'handshake'
      ? packets[handshakeEnd(packets.map(({ step }) => step))]
      : text === 'data'
        ? packets.find(({ step }) => step.what.kind !== 'tcp' || step.what.length > 0)
        : null
  if (found === null)
    return problem(
      'flow/bad-moment',
      `${quoted(text)} is no moment of a conversation`,
      'say the number of a packet, `handshake` or `data`',
    )
  return (
    found?.index ??
    problem(
      'flow/bad-moment',
      `this conversation does not get to ${quoted(text)}: it has ${packets.length} packets`,
      'say the number of one of its packets',
    )
  )
}

/** Of the packets, the one that ends the first handshake; -1: none does. */
function handshakeEnd(packets: readonly PacketStep[]): number {
  const [first] = packets
  if (first === undefined) return -1
  const isTcp = first.what.kind === 'tcp'
  const answer = packets.findIndex(
    ({ direction, what }) => direction !== first.direction && (what.kind === 'tcp') === isTcp,
  )
  if (!isTcp || answer === -1) return answer
  return packets.findIndex(
    ({ direction, what }, index) =>
      index > answer &&
      direction === first.direction &&
      what.kind === 'tcp' &&
      (what.flags & TCP_FLAG.ACK) !== 0,
  )
}
