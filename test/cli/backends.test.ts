import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DIFFERENCES } from '../../src/audit/backends/differences.ts'
import { DIAGNOSTIC_CODES } from '../../src/source/codes.ts'
import { repository, runCli } from '../support/run-cli.ts'

const office = join(repository, 'examples/small-office')
const scenario = (name: string): string => join(repository, 'scenarios', name, 'root')
const pipe = { columns: null, env: { LC_ALL: 'C.UTF-8' } }
const late = '192.168.1.53 -> host:22/tcp'

describe('pvefw backends reads as in its golden file', () => {
  const cases: readonly (readonly [name: string, argv: readonly string[]])[] = [
    ['node', ['--root', office]],
    ['refused', ['--root', scenario('case')]],
    ['packet', ['--root', scenario('order'), late]],
    ['packet-refused', ['--root', scenario('case'), late]],
    ['packet-json', ['--root', scenario('order'), late, '--json']],
  ]
  it.each(cases)('%s', async (name, argv) => {
    const { code, stdout, stderr } = await runCli(['backends', ...argv], pipe)
    const text = `exit code ${code}\n--- stdout\n${stdout}--- stderr\n${stderr}`
    await expect(text).toMatchFileSnapshot(`golden/backends-${name}.txt`)
  })
})

describe('pvefw backends --batch', () => {
  const stdin = [
    '{"id":1,"from":"outside","src":"192.168.1.53","to":"host","proto":"tcp","dport":22}',
    '{"id":2,"from":"outside","src":"192.168.1.53","to":"host","proto":"tcp","dport":8006}',
    'nonsense',
    '',
  ].join('\n')
  const batch = (...argv: readonly string[]): ReturnType<typeof runCli> =>
    runCli(['backends', '--root', scenario('order'), '--batch', '-', ...argv], { ...pipe, stdin })

  it('shows the packets that end differently, and how many they are', async () => {
    const { code, stdout } = await batch()
    expect(code).toBe(0)
    expect(stdout).toMatch(/^packet 1\ntcp outside 192\.168\.1\.53:49152 → host/)
    expect(stdout).not.toMatch(/packet 2/)
    expect(stdout).toMatch(/\npacket of line 3 could not be asked: \S/)
    expect(stdout).toMatch(/\n1 of 3 packets end differently; 1 could not be asked\n$/)
  })

  it('is one object a line with --json', async () => {
    const { stdout } = await batch('--json')
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toMatchObject([
      {
        id: 1,
        differ: true,
        iptables: { verdict: 'drop', decidedBy: { file: 'etc/pve/firewall/cluster.fw', line: 8 } },
        nftables: {
          verdict: 'accept',
          decidedBy: { kernel: 'inet:proxmox-firewall:accept-management:rule:1' },
        },
      },
      { id: null, error: expect.any(String), code: expect.stringMatching(/^query\//) },
      { packets: 3, differing: 1, notUnderstood: 1 },
    ])
  })

  it('takes no packet beside it', async () => {
    expect((await batch(late)).code).toBe(2)
  })
})

it('pvefw backends --json of a node names every difference with its places', async () => {
  const argv = ['backends', '--root', scenario('order'), '--json']
  const { stdout } = await runCli(argv, pipe)
  const { backend, refusedBy, differences } = JSON.parse(stdout)
  expect([backend, refusedBy]).toEqual(['iptables', []])
  expect(differences).toContainEqual(
    expect.objectContaining({
      code: 'backends/management-first',
      scenario: 'order',
      places: [expect.objectContaining({ file: 'etc/pve/firewall/cluster.fw', line: 8 })],
    }),
  )
})

describe('pvefw explain', () => {
  it.each([...Object.keys(DIAGNOSTIC_CODES), ...DIFFERENCES.map(({ code }) => code)])(
    '%s',
    async (code) => {
      const { code: exit, stdout } = await runCli(['explain', code], pipe)
      expect(exit).toBe(0)
      expect(stdout.startsWith(`${code}\n  `)).toBe(true)
    },
  )

  it('names source, section and scenario of a difference', async () => {
    const { stdout } = await runCli(['explain', 'backends/policy-out'], pipe)
    expect(stdout).toMatch(
      /= source: .*\n(?:.*\n)?.*section 17\.20\n.*scenarios\/policy-out-drop-host\n/,
    )
  })

  it('lists all codes', async () => {
    const { stdout } = await runCli(['explain', '--json'], pipe)
    const codes = JSON.parse(stdout).map(({ code }: { readonly code: string }) => code)
    expect(codes).toContain('backends/line-ends')
    expect(codes).toContain('config/crlf')
  })

  it.each(['nftables/blaklist', 'a/b'])('knows no %s', async (code) => {
    expect((await runCli(['explain', code], pipe)).code).toBe(2)
  })
})
