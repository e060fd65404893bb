import { type IpAddr, showAddr } from '../../ip/address.ts'
import { TCP_FLAG } from '../../netfilter/packet.ts'
import { unreachable } from '../../source/unreachable.ts'
import type { Closing, Conversation, FtpMode } from './kinds.ts'
import type { Connection, Direction, PacketStep, Script, Step } from './step.ts'

export type ConversationOptions = {
  /** How a TCP connection ends. */
  readonly close: Closing
  /** How FTP agrees on its data connection; null: PASV, which IPv6 has not. */
  readonly mode: FtpMode | null
  /** The answer to a datagram or a ping comes that much later, ms. */
  readonly answerAfter: number
}

/** Who talks, as far as payloads tell of it. */
export type Talking = {
  readonly client: IpAddr
  readonly server: IpAddr
  /** Of the client. */
  readonly sport: number
}

/** The packets of a usual conversation. */
export function scriptOf(
  kind: Conversation,
  options: ConversationOptions,
  talking: Talking,
): Script {
  const wait: readonly Step[] =
    options.answerAfter > 0 ? [{ kind: 'wait', ms: options.answerAfter }] : []
  switch (kind) {
    case 'tcp':
      return script([
        ...handshake('forth'),
        data('forth', 100),
        ...wait,
        data('back', 1000),
        segment('forth', ACK),
        ...closing(options),
      ])
    case 'udp':
      return script([udp('forth'), ...wait, udp('back')])
    case 'ping':
      return script([echo('forth'), ...wait, echo('back')])
    case 'ftp':
      return ftp(options, talking)
    case 'tftp':
      return tftp(talking)
    default:
      return unreachable(kind)
  }
}

/** Port of the server where the question names none; null: it has to. */
export function usualPort(kind: Conversation): number | null {
  return kind === 'ftp' ? 21 : kind === 'tftp' ? 69 : null
}

const { SYN, ACK, FIN, RST, PSH } = TCP_FLAG

/** Port the server opens for data, and the one of the client for it. */
const DATA_PORT = 40_000

function ftp(options: ConversationOptions, { client, server, sport }: Talking): Script {
  const mode = options.mode ?? (client.version === 6 ? 'epsv' : 'pasv')
  const isPassive = mode === 'pasv' || mode === 'epsv'
  const own = sport === 65_535 ? 49_152 : sport + 1
  const dataPorts = isPassive ? { sport: own, dport: DATA_PORT } : { sport: own, dport: 20 }
  const opens: Direction = isPassive ? 'forth' : 'back'
  const answers: Direction = isPassive ? 'back' : 'forth'
  const connection: Connection = { name: 'transfer', opens, proto: 'tcp', ...dataPorts }
  const agreed: readonly Step[] = [
    command(request(mode, client, own)),
    response(agreement(mode, server)),
  ]
  return {
    connections: [connection],
    steps: [
      ...handshake('forth'),
      response('220 ready'),
      command('USER anonymous'),
      response('230 logged in'),
      ...agreed,
      command('RETR file'),
      ...of('transfer', [segment(opens, SYN), segment(answers, SYN | ACK), segment(opens, ACK)]),
      response('150 here it comes'),
      ...of('transfer', [
        data('back', 1000),
        segment('forth', ACK),
        segment('back', FIN | ACK),
        segment('forth', FIN | ACK),
        segment('back', ACK),
      ]),
      response('226 done'),
      segment('forth', ACK),
      ...closing(options),
    ],
  }
}

/** RFC 959 PORT, RFC 2428 EPRT and EPSV. */
function request(mode: FtpMode, client: IpAddr, port: number): string {
  switch (mode) {
    case 'pasv':
      return 'PASV'
    case 'epsv':
      return 'EPSV'
    case 'port':
      return `PORT ${commas(client, port)}`
    case 'eprt':
      return `EPRT |${client.version === 4 ? 1 : 2}|${showAddr(client)}|${port}|`
    default:
      return unreachable(mode)
  }
}

function agreement(mode: FtpMode, server: IpAddr): string {
  switch (mode) {
    case 'pasv':
      return `227 Entering Passive Mode (${commas(server, DATA_PORT)}).`
    case 'epsv':
      return `229 Entering Extended Passive Mode (|||${DATA_PORT}|)`
    case 'port':
    case 'eprt':
      return '200 understood'
    default:
      return unreachable(mode)
  }
}

/** `192,168,1,53,192,1`. */
function commas(address: IpAddr, port: number): string {
  return [...showAddr(address).split('.'), port >> 8, port & 0xff].join(',')
}

/** RFC 1350: the server answers from a port of its own. */
function tftp({ sport }: Talking): Script {
  const transfer: Connection = {
    name: 'transfer',
    opens: 'back',
    proto: 'udp',
    sport,
    dport: DATA_PORT,
  }
  return {
    connections: [transfer],
    steps: [
      udp('forth', '\0\u0001file\0octet\0'),
      ...of('transfer', [udp('back', '\0\u0003\0\u0001data'), udp('forth', '\0\u0004\0\u0001')]),
    ],
  }
}

function handshake(opens: Direction): readonly PacketStep[] {
  const answers = opens === 'forth' ? 'back' : 'forth'
  return [segment(opens, SYN), segment(answers, SYN | ACK), segment(opens, ACK)]
}

function closing({ close }: ConversationOptions): readonly PacketStep[] {
  switch (close) {
    case 'fin':
      return [segment('forth', FIN | ACK), segment('back', FIN | ACK), segment('forth', ACK)]
    case 'rst':
      return [segment('forth', RST | ACK)]
    case 'none':
      return []
    default:
      return unreachable(close)
  }
}

function script(steps: readonly Step[]): Script {
  return { connections: [], steps }
}

function of(connection: string, steps: readonly PacketStep[]): readonly PacketStep[] {
  return steps.map((step) => ({ ...step, connection }))
}

function packet(direction: Direction, what: PacketStep['what']): PacketStep {
  return { kind: 'packet', direction, connection: null, forced: false, unseen: false, what }
}

function segment(direction: Direction, flags: number, payload: string | number = 0): PacketStep {
  return packet(direction, {
    kind: 'tcp',
    flags,
    length: typeof payload === 'number' ? payload : payload.length,
    payload: typeof payload === 'number' ? null : payload,
    again: false,
    seq: null,
    ack: null,
    window: null,
    windowScale: null,
    sackPermitted: null,
  })
}

function data(direction: Direction, length: number): PacketStep {
  return segment(direction, PSH | ACK, length)
}

function command(text: string): PacketStep {
  return segment('forth', PSH | ACK, `${text}\r\n`)
}

function response(text: string): PacketStep {
  return segment('back', PSH | ACK, `${text}\r\n`)
}

function udp(direction: Direction, payload: string | null = null): PacketStep {
  return packet(direction, { kind: 'udp', payload })
}

function echo(direction: Direction): PacketStep {
  return packet(direction, { kind: 'echo', reply: direction === 'back', id: null })
}
