import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository, runCli } from '../support/run-cli.ts'

const office = join(repository, 'examples/small-office')
const place = mkdtempSync(join(tmpdir(), 'pvefw-plan-'))

beforeAll(() => {
  for (const name of ['small-office', 'three-nodes']) {
    cpSync(join(repository, 'examples', name), join(place, name), { recursive: true })
    const path = join(place, name, 'etc/pve/firewall/cluster.fw')
    writeFileSync(path, readFileSync(path, 'utf8').replace('enable: 1', 'enable: 0'))
  }
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

describe('pvefw plan reads as in its golden file', () => {
  const off = join(place, 'small-office')
  const nodes = join(place, 'three-nodes')
  const admin = ['--admin', '203.0.113.0/24']
  const cases: readonly (readonly [name: string, argv: readonly string[]])[] = [
    ['enable', ['--root', off, '--enable', 'cluster', ...admin]],
    ['enable-nftables', ['--root', nodes, '--enable', 'cluster', '--backend', 'nftables']],
    [
      'change',
      [
        ...['--root', office, '--admin', '192.168.1.40', '--set', 'cluster.policy_out=DROP'],
        ...['--add', 'cluster:IN DROP -p tcp -dport 22', '--disable', '105/net0'],
      ],
    ],
    [
      'own-rules-first',
      [
        ...['--root', office, '--admin', '192.168.1.40', '--add', 'group/monitoring:IN DROP'],
        ...[
          '--apply',
          'pvesh create /nodes/office/firewall/rules --type group --action monitoring --enable 1',
        ],
      ],
    ],
    [
      'lost',
      [
        ...['--root', office, '--admin', '192.168.1.40', '--apply'],
        'pvesh create /cluster/firewall/ipset --name blacklist; pvesh create /cluster/firewall/ipset/blacklist --cidr 192.168.1.40',
      ],
    ],
    ['json', ['--root', off, '--enable', 'cluster', ...admin, '--json']],
    ['nothing', ['--root', office]],
  ]
  it.each(cases)('%s', async (name, argv) => {
    const { code, stdout, stderr } = await runCli(['plan', ...argv], {
      columns: null,
      env: { LC_ALL: 'C.UTF-8' },
    })
    const text = `exit code ${code}\n--- stdout\n${stdout}--- stderr\n${stderr}`
    await expect(text.replaceAll(place, '/place')).toMatchFileSnapshot(`golden/plan-${name}.txt`)
  })
})

it('what a plan prints is what it proved: applied in their order, its calls lose nothing', async () => {
  const argv = ['--root', office, '--admin', '192.168.1.40']
  const planned = await runCli(
    [
      'plan',
      ...argv,
      '--add',
      'cluster:IN DROP -p tcp -dport 22',
      '--set',
      'cluster.policy_out=DROP',
      '--json',
    ],
    { columns: null },
  )
  const { steps } = JSON.parse(planned.stdout) as { steps: { commands: string[] }[] }
  const calls = steps.flatMap(({ commands }) => commands).filter((one) => one.startsWith('pvesh '))
  expect(calls.length).toBeGreaterThan(4)
  const { code } = await runCli(['audit', 'lockout', ...argv, '--apply', calls.join('\n')])
  expect(code).toBe(0)
})
