import { expect, it } from 'vitest'
import { runCli } from '../support/run-cli.ts'

it.each<readonly [string, string, readonly string[]]>([
  [
    'a line of a guest',
    '192.168.1.53 -> 105:80/tcp',
    [
      'holds for  not udp 192.168.1.53 → any port not 22, 443  NEW',
      'but for    ACCEPT from 192.168.1.0-192.168.1.52, 192.168.1.54-192.168.1.254',
      'but for    ACCEPT to port 22, 443',
    ],
  ],
  [
    'a policy',
    '1.2.3.4 -> host:8006/tcp',
    [
      'holds for  not igmp not +management → any  NEW',
      'but for    ACCEPT from 10.8.0.0/24, 192.168.1.0-192.168.1.254',
      'but for    ACCEPT in state established or related',
    ],
  ],
])('-v tells the class of packets an answer holds for: %s', async (_, packet, lines) => {
  const { stdout } = await runCli(['trace', '-v', '--root', 'examples/small-office', packet])
  expect(stdout.split('\n').filter((line) => /^(?:holds|but) for /.test(line))).toEqual(lines)
})
