import { expect, it } from 'vitest'
import { runCli } from '../support/run-cli.ts'

const office = ['--root', 'examples/small-office']

it.each<readonly [string, readonly string[], number, readonly string[]]>([
  [
    'a packet that gets through',
    [
      '--from',
      'outside',
      '--to',
      'vm105',
      '--verdict',
      'accept',
      '--not-src',
      '192.168.0.0/16,10.0.0.0/8',
    ],
    0,
    [
      'ACCEPT  outside → vm105  tcp 172.16.0.1:49152 → 192.168.1.105:443  NEW',
      '    by  105.fw:8  IN HTTPS(ACCEPT) # the shop, for everybody',
    ],
  ],
  [
    'that there is none',
    [
      '--from',
      'outside',
      '--to',
      'host',
      '--dport',
      '22',
      '--verdict',
      'accept',
      '--not-src',
      '+management',
      '--state',
      'new',
    ],
    1,
    ['none  office: proved for every packet some program sends, on 2 ways'],
  ],
  [
    'what a line that jumps to a shared chain decides',
    [
      '--from',
      'outside',
      '--to',
      'vm105',
      '--by',
      '105.fw:12',
      '--verdict',
      'reject',
      '--dport',
      '8080',
      '--src',
      '1.2.3.4',
    ],
    0,
    [
      'REJECT  outside → vm105  tcp 1.2.3.4:49152 → 192.168.1.105:8080  NEW',
      '    by  105.fw:12  IN REJECT -p tcp # tell everybody else at once',
    ],
  ],
  [
    'a line that never decides about what is asked for',
    ['--to', 'vm105', '--by', '105.fw:10', '--src', '192.168.1.53'],
    1,
    ['none  office: proved for every packet some program sends, on 4 ways'],
  ],
])('finds %s', async (_, options, code, lines) => {
  const result = await runCli(['find', ...office, ...options])
  expect(result.stderr).toBe('')
  expect(result.stdout.trimEnd().split('\n')).toEqual(lines)
  expect(result.code).toBe(code)
})

it.each<readonly [readonly string[], string]>([
  [['--from', 'nobody'], '--from: nobody is no end of a way through office'],
  [['--src', '+nothing'], 'there is no address, network, alias or set +nothing'],
  [['--dport', '70000'], '70000 is no port'],
  [['--by', 'cluster.fw'], '--by is a line of a file, as 105.fw:7, not cluster.fw'],
  [['--proto', 'nosuch'], 'there is no protocol nosuch'],
])('%j: %s', async (options, message) => {
  const result = await runCli(['find', ...office, ...options])
  expect(result.code).toBe(2)
  expect(result.stderr).toContain(message)
})
