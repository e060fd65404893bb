import { expect, test } from 'vitest'
import { runCli } from '../support/run-cli.ts'

const office = ['--root', 'examples/small-office']
const packet = '192.168.1.53 -> 105:80/tcp'

test.each([
  [['step', ...office, packet], 'stepping needs a terminal as standard input and output'],
  [['trace', '--step', ...office, packet], 'stepping needs a terminal'],
  [['flow', '--step', ...office, 'tcp', packet], 'stepping needs a terminal'],
  [['step', ...office, '--at', '999', packet], '--at is a step of 1..41'],
  [['step', ...office, '--at', 'x', packet], '--at is a step of 1..41'],
  [['step', ...office, packet, '--break', 'verdict maybe'], '--break: a verdict is accept, drop'],
  [
    ['step', ...office, '192.168.1.53 -> nobody:80/tcp'],
    'there is no guest, node or alias `nobody`',
  ],
  [['trace', '--step', '--json', ...office, packet], 'leave --json out'],
  [['trace', '--step', '--batch', '-', ...office], 'leave --batch out'],
  [['trace', '--step', '--backend', 'both', ...office, packet], 'the key B flips it'],
  [['trace', '--plain', ...office, packet], '--plain needs --step'],
  [['find', '--step', ...office, '--verdict', 'drop'], 'stepping needs a terminal'],
  [['find', '--step', '--all', ...office], 'leave --proposed and --all out'],
  [['audit', 'lockout', '--step', '--format', 'junit', ...office], 'leave --format out'],
  [['flow', '--step', '--minimal', ...office, 'tcp', packet], 'leave --minimal out'],
])('%j is refused, and says why', async (argv, complaint) => {
  const { code, stdout, stderr } = await runCli(argv)
  expect(stderr).toContain(complaint)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
})
