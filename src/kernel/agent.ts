import type { Transport } from './transport.ts'

/** In which of the agent's two name spaces something is done: the node, or the far ends of its cables. */
export type Side = 'host' | 'far'

/** A socket of the agent. `raw`: IP packets with their headers; `packet`: frames of one device. */
export type SocketKind =
  | { readonly kind: 'packet'; readonly device: string }
  | { readonly kind: 'raw4' | 'raw6' | 'route' }
  /** NETLINK_NETFILTER, as member of a group (`NFNLGRP_*`) or of none. */
  | { readonly kind: 'netlink'; readonly group: number | null }

/** One thing the agent does. Of a list they are done in order, and what they bring comes back in order. */
export type Operation =
  | { readonly kind: 'script'; readonly side: Side; readonly text: string }
  | { readonly kind: 'open'; readonly id: number; readonly side: Side; readonly socket: SocketKind }
  | { readonly kind: 'close'; readonly id: number }
  /** The sockets that `drain` empties. */
  | { readonly kind: 'listen'; readonly ids: readonly number[] }
  | {
      readonly kind: 'send'
      readonly id: number
      readonly bytes: Uint8Array
      readonly to?: Uint8Array
    }
  /** Empties the sockets until nothing has come for so many microseconds. */
  | { readonly kind: 'drain'; readonly quietMicroseconds: number }
  /** Brings a number back, to tell what came before from what came after. */
  | { readonly kind: 'note'; readonly number: number }
  /** A netlink message and everything up to its answer's end. */
  | { readonly kind: 'request'; readonly id: number; readonly bytes: Uint8Array }

/** What an operation brought, in the order it came. */
export type Result =
  | { readonly kind: 'script'; readonly status: number; readonly text: string }
  | { readonly kind: 'data'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'note'; readonly number: number }
  | { readonly kind: 'answer'; readonly bytes: Uint8Array }
  | { readonly kind: 'failed'; readonly why: string }

export type Agent = {
  /** Process id in its own eyes. Rejects when the agent has ended. */
  readonly run: (operations: readonly Operation[]) => Promise<readonly Result[]>
  readonly close: () => Promise<void>
}

/** Waits for an agent to answer. Rejects where it cannot start, with what it said. */
export async function startAgent(transport: Transport): Promise<Agent> {
  const waiting: { done: (results: readonly Result[]) => void; failed: (error: Error) => void }[] =
    []
  let results: Result[] = []
  let rest: Uint8Array = new Uint8Array()
  let gone: Error | null = null
  transport.onEnd((why) => {
    gone = new Error(why === '' ? 'the agent has ended' : `the agent has ended: ${why}`)
    for (const { failed } of waiting.splice(0)) failed(gone)
  })
  transport.onBytes((bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    let at = 0
    while (rest.length - at >= 4) {
      const length = get32(rest, at)
      if (rest.length - at - 4 < length) break
      const code = String.fromCharCode(rest[at + 4] ?? 0)
      const data = rest.subarray(at + 5, at + 4 + length)
      at += 4 + length
      if (code === '.' || code === 'h') {
        const finished = results
        results = []
        waiting.shift()?.done(finished)
      } else results.push(resultOf(code, data))
    }
    rest = rest.subarray(at)
  })
  const turn = (): Promise<readonly Result[]> =>
    gone === null
      ? new Promise((done, failed) => waiting.push({ done, failed }))
      : Promise.reject(gone)
  await turn()
  return {
    run: (operations) => {
      const answer = turn()
      const message = Buffer.concat(operations.map(operationBytes))
      transport.write(Buffer.concat([bytes32(message.length), message]))
      return answer
    },
    close: transport.close,
  }
}

function resultOf(code: string, data: Uint8Array): Result {
  switch (code) {
    case 'x':
      return { kind: 'script', status: get32(data, 0), text: textOf(data.subarray(4)) }
    case 'd':
      return { kind: 'data', id: ((data[0] ?? 0) << 8) | (data[1] ?? 0), bytes: data.subarray(2) }
    case 'n':
      return { kind: 'note', number: get32(data, 0) }
    case 'q':
      return { kind: 'answer', bytes: data }
    case 'e':
      return { kind: 'failed', why: textOf(data).trim() }
    default:
      throw new Error(`the agent answers with ${JSON.stringify(code)}`)
  }
}

function operationBytes(operation: Operation): Uint8Array {
  const [code, data] = encoded(operation)
  return Buffer.concat([Buffer.from(code, 'latin1'), bytes32(data.length), data])
}

function encoded(operation: Operation): readonly [string, Uint8Array] {
  switch (operation.kind) {
    case 'script':
      return ['x', Buffer.from(`${sideCode(operation.side)}${operation.text}`, 'latin1')]
    case 'open': {
      const { socket } = operation
      const argument =
        socket.kind === 'packet'
          ? socket.device
          : socket.kind === 'netlink'
            ? String(socket.group ?? 0)
            : ''
      const text = `${sideCode(operation.side)}${socket.kind}\0${argument}\0`
      return ['s', Buffer.concat([bytes16(operation.id), Buffer.from(text, 'latin1')])]
    }
    case 'close':
      return ['c', bytes16(operation.id)]
    case 'listen':
      return ['l', Buffer.concat(operation.ids.map(bytes16))]
    case 'send': {
      const to = operation.to ?? new Uint8Array()
      return ['w', Buffer.concat([bytes16(operation.id), bytes16(to.length), to, operation.bytes])]
    }
    case 'drain':
      return ['d', bytes32(operation.quietMicroseconds)]
    case 'note':
      return ['n', bytes32(operation.number)]
    case 'request':
      return ['q', Buffer.concat([bytes16(operation.id), operation.bytes])]
    default:
      throw new Error('no such operation')
  }
}

function sideCode(side: Side): string {
  return side === 'host' ? 'h' : 'f'
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

function bytes16(value: number): Uint8Array {
  return Uint8Array.of((value >> 8) & 255, value & 255)
}

function bytes32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
}

function get32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) * 2 ** 24 +
    ((bytes[at + 1] ?? 0) << 16) +
    ((bytes[at + 2] ?? 0) << 8) +
    (bytes[at + 3] ?? 0)
  )
}
