import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository, runCli } from '../support/run-cli.ts'

const office = join(repository, 'examples/small-office')
const cluster = join(repository, 'examples/three-nodes')
const scenario = (name: string): string => join(repository, 'scenarios', name, 'root')
const pipe = { columns: null, env: { LC_ALL: 'C.UTF-8' } }

const place = mkdtempSync(join(tmpdir(), 'pvefw-flow-'))
const script = join(place, 'late.flow')
const dump = join(place, 'dump')
beforeAll(() => {
  cpSync(office, join(place, 'broken'), { recursive: true })
  writeFileSync(
    join(place, 'broken/etc/pve/firewall/cluster.fw'),
    '[OPTIONS]\nenable: 1\nlog_ratelimit: rate=5/minute\n',
  )
  writeFileSync(script, '# asks, and is told too late\n> udp\nwait 31s\n< udp\n')
  writeFileSync(join(place, 'live.flow'), '> data 10\n< data 1000\nwait 5d\n> data 10\n')
  writeFileSync(join(place, 'wrong.flow'), '> syn\n< synack\nwait 5\n')
  writeFileSync(
    dump,
    'tcp      6 431999 ESTABLISHED src=192.168.1.53 dst=192.168.1.105 sport=50022 dport=80 src=192.168.1.105 dst=192.168.1.53 sport=80 dport=50022 [ASSURED] mark=0 use=1\nnonsense\n',
  )
  writeFileSync(join(place, 'no-dump'), 'nonsense\n')
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

const login = ['tcp', '192.168.1.53 -> 105:22']
const dropped = ['tcp', '192.168.1.53 -> 105:80']
const survives = [
  ...[
    '--root',
    office,
    '--then',
    'scenarios/established-survives/root',
    '--host-ip',
    '192.168.1.10',
  ],
  ...['--local-network', '192.168.1.0/24', 'tcp', '192.168.1.53 -> host:22'],
]

describe('pvefw flow reads as in its golden file', () => {
  const cases: readonly (readonly [name: string, argv: readonly string[]])[] = [
    ['login', ['--root', office, ...login]],
    ['login-v', ['--root', office, ...login, '--close', 'none', '-v']],
    ['login-minimal', ['--root', office, ...login, '--minimal']],
    ['ping-json', ['--root', office, 'ping', '105 -> 1.1.1.1', '--json']],
    ['dropped', ['--root', office, ...dropped]],
    ['rejected', ['--root', office, 'tcp', '198.51.100.9 -> 105:22']],
    ['late', ['--root', office, 'udp', '--answer-after', '31s', '105 -> 1.1.1.1:53']],
    ['ftp', ['--root', scenario('ftp-passive'), 'ftp', '198.51.100.9 -> 105']],
    ['elsewhere', ['--root', office, ...login, '--return-via', 'elsewhere']],
    ['then', survives],
    [
      'dump',
      [
        '--root',
        office,
        '--conntrack',
        dump,
        '--script',
        join(place, 'live.flow'),
        '192.168.1.53:50022 -> 105:80',
      ],
    ],
    ['other-node', ['--root', cluster, 'tcp', 'shop -> mail:25', '--close', 'none']],
    ['both', ['--root', office, ...dropped, '--backend', 'both']],
    [
      'nftables-elsewhere',
      ['--root', office, ...login, '--return-via', 'elsewhere', '--backend', 'nftables'],
    ],
    ['print-script', ['--root', office, '--print-script', 'ftp', '192.168.1.53 -> 105']],
    [
      'wrong-script',
      ['--root', office, '--script', join(place, 'wrong.flow'), '105 -> 1.1.1.1:53'],
    ],
    ['refused', ['--root', scenario('equal-set-entries'), 'tcp', '198.51.100.9 -> host:22']],
    ['then-refused', ['--root', office, ...login, '--then', join(place, 'broken')]],
  ]
  it.each(cases)('%s', async (name, argv) => {
    const { code, stdout, stderr } = await runCli(['flow', ...argv], pipe)
    const text = `exit code ${code}\n--- stdout\n${stdout}--- stderr\n${stderr}`
    await expect(text.replaceAll(place, '/place').replaceAll(repository, '/')).toMatchFileSnapshot(
      `golden/flow-${name}.txt`,
    )
  })
})

describe('exit code', () => {
  const codes: readonly (readonly [name: string, code: number, argv: readonly string[]])[] = [
    ['as expected', 0, ['--root', office, ...login, '--expect', 'accept']],
    ['lost as expected', 0, ['--root', office, ...dropped, '--expect', 'drop']],
    ['not as expected', 1, ['--root', office, ...dropped, '--expect', 'accept']],
    ['anew as expected', 0, [...survives, '--expect', 'accept', '--expect-anew', 'drop']],
    ['anew not as expected', 1, [...survives, '--expect-anew', 'accept']],
    [
      'both as expected',
      0,
      ['--root', office, ...dropped, '--backend', 'both', '--expect', 'drop'],
    ],
    ['no conversation', 2, ['--root', office]],
    ['no port', 2, ['--root', office, 'tcp', '192.168.1.53 -> 105']],
    ['two kinds of output', 2, ['--root', office, ...login, '--json', '--minimal']],
    ['a script of a usual conversation', 2, ['--root', office, '--script', script, ...login]],
    [
      'a script that closes',
      2,
      ['--root', office, '--script', script, '--close', 'rst', '105 -> 1.1.1.1:53'],
    ],
    [
      'two files from one input',
      2,
      ['--root', office, '--script', '-', '--conntrack', '-', '105 -> 1.1.1.1:53'],
    ],
    ['anew of nothing', 2, ['--root', office, ...login, '--expect-anew', 'drop']],
    ['a moment of nothing', 2, ['--root', office, ...login, '--then-after', 'data']],
    [
      'a moment that does not come',
      2,
      ['--root', office, ...login, '--then', office, '--then-after', '99'],
    ],
    ['no time', 2, ['--root', office, ...login, '--answer-after', 'soon']],
    ['no such file', 2, ['--root', office, '--script', join(place, 'none'), '105 -> 1.1.1.1:53']],
    [
      'two ways back',
      2,
      ['--root', office, ...login, '--return-via', 'vmbr0', '--reply-to', 'outside'],
    ],
    ['ping with a port', 2, ['--root', office, 'ping', '192.168.1.53 -> 105:22']],
    ['UDP said of TCP', 2, ['--root', office, 'tcp', '192.168.1.53 -> 105:53/udp']],
    [
      'a wrong script',
      2,
      ['--root', office, '--script', join(place, 'wrong.flow'), '105 -> 1.1.1.1:53'],
    ],
    ['no dump', 3, ['--root', office, ...login, '--conntrack', join(place, 'no-dump')]],
    ['nothing to read', 3, ['--root', '/nonexistent', ...login]],
    ['refused then', 3, ['--root', office, ...login, '--then', join(place, 'broken')]],
    ['nothing to read then', 3, ['--root', office, ...login, '--then', '/nonexistent']],
    [
      'refused by the backend',
      3,
      ['--root', scenario('equal-set-entries'), 'tcp', '198.51.100.9 -> host:22'],
    ],
    [
      'refused, but run anyway',
      0,
      ['--root', scenario('equal-set-entries'), 'tcp', '198.51.100.9 -> host:22', '--anyway'],
    ],
  ]
  it.each(codes)('%s', async (_name, code, argv) => {
    const result = await runCli(['flow', ...argv], pipe)
    expect([result.code, result.stderr]).toEqual([code, result.stderr])
  })
})

it('a script may come from standard input', async () => {
  const argv = ['flow', '--root', office, '--script', '-', '--minimal', '105 -> 1.1.1.1:53']
  const { stdout } = await runCli(argv, { ...pipe, stdin: '> udp\n< udp\n' })
  expect(stdout.split('\n').map((line) => line.split(' ').slice(0, 4))).toEqual([
    ['1', '>', 'udp', 'ACCEPT'],
    ['2', '<', 'udp', 'ACCEPT'],
    [''],
  ])
})

it('what is printed as a script is run as what it was', async () => {
  const argv = ['flow', '--root', office, '105 192.168.1.105:50000 -> 1.1.1.1:21/tcp']
  const printed = await runCli(
    [...argv.slice(0, 3), '--print-script', 'ftp', ...argv.slice(3)],
    pipe,
  )
  const own = await runCli([...argv, '--script', '-', '--minimal'], {
    ...pipe,
    stdin: printed.stdout,
  })
  const usual = await runCli([...argv.slice(0, 3), 'ftp', ...argv.slice(3), '--minimal'], pipe)
  expect(own.stdout).toBe(usual.stdout)
  expect(own.stdout.split('\n').length).toBeGreaterThan(20)
})

it('--json of a refusal is an object, too', async () => {
  const { code, stdout } = await runCli(
    ['flow', '--root', office, '--json', 'tcp', '192.168.1.53 -> 105'],
    pipe,
  )
  expect(code).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({ version: 1, code: 'flow/no-port' })
})

it('text of a script reaches a terminal only escaped', async () => {
  const stdin = '> syn\n< syn+ack\n> ack\n> data "\\x1b]0;owned\\x07"\n> \u001b[31mred\n'
  const argv = ['flow', '--root', office, '--script', '-', '192.168.1.53 -> 105:22']
  const { screen } = await runCli(argv, { stdin })
  const ok = await runCli(argv, { stdin: stdin.split('\n').slice(0, 4).join('\n') })
  for (const text of [screen, ok.screen])
    expect([...text].filter((letter) => letter < ' ' && letter !== '\n')).toEqual([])
  expect(ok.screen).toContain('owned')
})

it('one way only: a rule lets the query in, and none its answer out', async () => {
  const saved = [
    ...['*filter', ':INPUT DROP [0:0]', ':FORWARD DROP [0:0]', ':OUTPUT DROP [0:0]'],
    ...['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', 'COMMIT', ''],
  ].join('\n')
  const { stdout } = await runCli(
    ['flow', '--ruleset', '-', 'tcp', 'outside:eno1 198.51.100.9 -> host 192.0.2.10 tcp/22'],
    { ...pipe, stdin: saved },
  )
  expect(stdout.replace(/\s+/g, ' ')).toContain(
    'lets the SYN through, but what it asks for is not let back: one way only, it never becomes a connection',
  )
})
