/** Conversations people have, as scripts. `$SERVER` and `$CLIENT` stand for addresses as FTP writes them. */

/** A handshake, a question and its answer, and a close by the client. */
const TCP = `> syn
< syn+ack
> ack
> data 100
< data 1000
> ack
> fin
< fin
> ack
`

const UDP = `> udp 40
< udp 120
`

const PING = `> ping
< pong
`

/** Up to the line that announces the data connection. Helpers read lines from the second of each end on. */
const FTP_LOGIN = `> syn
< syn+ack
> ack
< data "220 ready\\r\\n"
> data "USER anonymous\\r\\n"
< data "331 password, please\\r\\n"
> data "PASS guest\\r\\n"
< data "230 logged in\\r\\n"
`

const FTP_QUIT = `connection control
> data "QUIT\\r\\n"
< fin
> fin
< ack
`

function ftpPassive(version: 4 | 6): string {
  const [ask, answer] =
    version === 4
      ? ['PASV', '227 Entering Passive Mode ($SERVER,195,80)']
      : ['EPSV', '229 Entering Extended Passive Mode (|||50000|)']
  return `${FTP_LOGIN}> data "${ask}\\r\\n"
< data "${answer}\\r\\n"
connection data 50000
> syn
< syn+ack
> ack
< data 1000
< fin
> fin
< ack
${FTP_QUIT}`
}

function ftpActive(version: 4 | 6): string {
  const ask = version === 4 ? 'PORT $CLIENT,195,80' : 'EPRT |2|$CLIENT|50000|'
  return `${FTP_LOGIN}> data "${ask}\\r\\n"
< data "200 will do\\r\\n"
connection data 50000:20
< syn
> syn+ack
< ack
< data 1000
< fin
> fin
< ack
${FTP_QUIT}`
}

/** The server answers from a port of its own: \`connection\` names client and server port. */
const TFTP = `> udp "\\x00\\x01hosts\\x00octet\\x00"
connection data 49152:32000
< udp 516
> udp 4
`

/** What there is, with the protocol and the port its question needs. */
export type FlowKind = {
  readonly name: 'tcp' | 'udp' | 'ping' | 'ftp' | 'ftp-active' | 'tftp'
  readonly what: string
  readonly proto: 'tcp' | 'udp' | 'icmp'
  /** Of the server, where the question does not say; null: it must. */
  readonly dport: number | null
  readonly script: (version: 4 | 6) => string
}

export const FLOW_KINDS: readonly FlowKind[] = [
  {
    name: 'tcp',
    what: 'handshake, data both ways, close',
    proto: 'tcp',
    dport: null,
    script: () => TCP,
  },
  { name: 'udp', what: 'a question and its answer', proto: 'udp', dport: null, script: () => UDP },
  {
    name: 'ping',
    what: 'an echo request and its reply',
    proto: 'icmp',
    dport: null,
    script: () => PING,
  },
  {
    name: 'ftp',
    what: 'a passive transfer (PASV, EPSV)',
    proto: 'tcp',
    dport: 21,
    script: ftpPassive,
  },
  {
    name: 'ftp-active',
    what: 'an active transfer (PORT, EPRT)',
    proto: 'tcp',
    dport: 21,
    script: ftpActive,
  },
  {
    name: 'tftp',
    what: 'a read request, answered from another port',
    proto: 'udp',
    dport: 69,
    script: () => TFTP,
  },
]
