import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repository, runCli } from '../support/run-cli.ts'

const office = ['--root', join(repository, 'examples/small-office')]
const drop = ['--add', 'cluster:IN DROP -p tcp -dport 22']
const login = '192.168.1.40 -> host:22/tcp'

describe('edits count', () => {
  const cases: readonly (readonly [command: string, argv: readonly string[], shows: string])[] = [
    ['flow', ['flow', ...office, ...drop, 'tcp', login.replace('/tcp', '')], 'the SYN is dropped'],
    ['backends', ['backends', ...office, ...drop, login], 'iptables  DROP'],
    ['compile', ['compile', ...office, ...drop, '--format', 'iptables-save'], '--dport 22 -j DROP'],
    ['diff', ['diff', ...office, ...drop], 'now  cluster.fw:14 (added by --add)'],
    [
      'audit',
      ['audit', 'lockout', ...office, ...drop, '--admin', '192.168.1.40'],
      'LOST  SSH (22/tcp)',
    ],
    [
      'find',
      ['find', ...office, ...drop, '--to', 'host', '--verdict', 'drop', '--src', '192.168.1.40'],
      'cluster.fw:14 (added by --add)',
    ],
    [
      'lint',
      [
        'lint',
        ...office,
        '--add',
        'cluster:1:IN DROP -source 192.168.1.7 -p icmp -icmp-type echo-request',
      ],
      'cluster.fw:15',
    ],
  ]
  it.each(cases)('for pvefw %s', async (_name, argv, shows) => {
    const { stdout } = await runCli(argv)
    expect(stdout).toContain(shows)
  })

  it('with both backends, by the same edits', async () => {
    const { stdout } = await runCli(['trace', ...office, '--backend', 'both', ...drop, login])
    expect(stdout.match(/cluster\.fw:14 \(added by --add\)/g)?.length).toBeGreaterThan(0)
  })
})

describe('edits are refused', () => {
  it.each([
    [
      'with dumps, which decide',
      ['trace', '--ruleset', 'x', ...drop, login],
      'the dumps of --ruleset decide',
    ],
    [
      'with a second directory',
      ['diff', ...office.slice(1), ...office.slice(1), ...drop],
      'two directories',
    ],
    ['with diff --backends', ['diff', ...office, '--backends', ...drop], 'of one configuration'],
  ])('%s', async (_name, argv, says) => {
    const { code, stderr } = await runCli(argv)
    expect(code).toBe(2)
    expect(stderr.replaceAll('\n', ' ')).toContain(says)
  })
})
