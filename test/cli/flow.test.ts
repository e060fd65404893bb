import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { repository, runCli } from '../support/run-cli.ts'

const office = join(repository, 'examples/small-office')
const pipe = { columns: null, env: { LC_ALL: 'C.UTF-8' } }
const place = mkdtempSync(join(tmpdir(), 'pvefw-flow-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

function written(name: string, text: string): string {
  const path = join(place, name)
  writeFileSync(path, text)
  return path
}

const late = written('late', '> udp 40\nwait 31s\n< udp 120\n')
const stolen = written(
  'connections',
  [
    'tcp      6 431999 ESTABLISHED src=192.168.1.53 dst=192.168.1.105 sport=50000 dport=22 src=192.168.1.105 dst=192.168.1.53 sport=22 dport=50000 [ASSURED] mark=0 use=1',
    'nonsense',
    'conntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.',
    '',
  ].join('\n'),
)

describe('pvefw flow reads as in its golden file', () => {
  const cases: readonly (readonly [name: string, argv: readonly string[]])[] = [
    ['tcp', ['tcp', '192.168.1.60 -> 105:80']],
    ['tcp-v', ['tcp', '192.168.1.60 -> 105:80', '-v']],
    ['refused', ['tcp', '192.168.1.53 -> 105:80']],
    ['late-answer', ['--script', late, '105 -> 198.51.100.53:53/udp']],
    ['elsewhere', ['tcp', '105 -> 200:53', '--return', 'elsewhere']],
    ['ping', ['ping', '192.168.1.60 -> 105']],
    ['json', ['udp', '105 -> 192.168.1.1:53', '--json']],
    ['nftables', ['tcp', '192.168.1.60 -> 105:80', '--backend', 'nftables']],
    ['no-kind', ['192.168.1.60 -> 105:80']],
  ]
  it.each(cases)('%s', async (name, argv) => {
    const { screen, code } = await runCli(['flow', '--root', office, ...argv], pipe)
    const text = `${screen.replaceAll(place, 'PLACE')}exit ${code}\n`
    await expect(text).toMatchFileSnapshot(`golden/flow-${name}.txt`)
  })
})

describe('pvefw flow', () => {
  it('lets an open session live on when a rule forbids it, and says that the next one is refused', async () => {
    const next = join(place, 'next')
    cpSync(office, next, { recursive: true })
    const file = join(next, 'etc/pve/firewall/105.fw')
    writeFileSync(file, readFileSync(file, 'utf8').replace('IN SSH(ACCEPT)', 'IN SSH(DROP)'))
    const argv = ['flow', 'tcp', '192.168.1.40 -> 105:22', '--root', office, '--then', next]
    const { stdout } = await runCli([...argv, '--minimal'], pipe)
    const lines = stdout.trim().split('\n')
    expect(lines.slice(0, 9).map((line) => line.split(' ')[2])).toEqual(new Array(9).fill('ACCEPT'))
    expect(lines[9]).toBe('fresh out DROP new etc/pve/firewall/105.fw:7')
    const { stdout: text } = await runCli(argv, pipe)
    expect(text).toContain('the open connection lives on, but a new one is refused')
  })

  it('begins with the connections of a dump, and names the lines it cannot read', async () => {
    const argv = ['flow', '--root', office, '--conntrack', stolen, '--minimal']
    const { stdout, stderr } = await runCli(
      [
        ...argv,
        '--script',
        written('data', '> anyway data 10\n'),
        '192.168.1.53:50000 -> 105:22/tcp',
      ],
      pipe,
    )
    expect(stdout).toBe('1 out ACCEPT established generated\n')
    expect(stderr).toContain('connections:2:1: no protocol and its number: this line is left out')
  })

  it('says with its exit code whether it ended as expected', async () => {
    const run = async (expected: string): Promise<number> =>
      (
        await runCli(
          ['flow', 'tcp', '192.168.1.53 -> 105:80', '--root', office, '--expect', expected],
          pipe,
        )
      ).code
    expect([await run('drop'), await run('accept')]).toEqual([0, 1])
  })

  it('wants an address for both ends', async () => {
    const { code, stderr } = await runCli(
      ['flow', 'tcp', '--from', 'outside', '--to', '105', '--dport', '80', '--root', office],
      pipe,
    )
    expect(code).toBe(2)
    expect(stderr).toContain(
      'pvefw flow: the source address is not known, and conntrack goes by it',
    )
  })
})
