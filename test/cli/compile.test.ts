import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { corpusCases } from '../support/corpus.ts'
import { repository, runCli } from '../support/run-cli.ts'

const office = join(repository, 'examples/small-office')
const place = mkdtempSync(join(tmpdir(), 'pvefw-compile-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

const compile = (...argv: readonly string[]): ReturnType<typeof runCli> =>
  runCli(['compile', '--root', office, ...argv], { columns: null, env: {} })

describe('pvefw compile', () => {
  it('writes the six files', async () => {
    const out = join(place, 'deep/er')
    expect(await compile('--backend', 'iptables', '--out', out)).toMatchObject({
      code: 0,
      stdout: '',
    })
    expect(readdirSync(out).sort()).toEqual([
      'ebtables.txt',
      'ipset.txt',
      'v4.rules',
      'v4raw.rules',
      'v6.rules',
      'v6raw.rules',
    ])
  })

  it('writes both transactions of the nftables backend', async () => {
    const out = join(place, 'nft')
    expect(await compile('--backend', 'nftables', '--out', out)).toMatchObject({ code: 0 })
    expect(readdirSync(out).sort()).toEqual(['ruleset.json', 'skeleton.nft'])
    const { nftables } = JSON.parse(readFileSync(join(out, 'ruleset.json'), 'utf8'))
    expect(nftables[0]).toEqual({
      flush: { chain: { family: 'inet', table: 'proxmox-firewall', name: 'cluster-in' } },
    })
  })

  it('shows the whole ruleset of the nftables backend', async () => {
    const { stdout } = await compile('--backend', 'nftables', '--format', 'nft')
    expect(stdout).toMatch(/^table inet proxmox-firewall \{\n/)
    expect(stdout).toMatch(/\tchain guest-105-in \{\n\t\tjump pre-vm-in\n/)
    const json = await compile('--backend', 'nftables', '--format', 'nft-json')
    expect(JSON.parse(json.stdout).nftables[1]).toEqual({
      table: { family: 'inet', name: 'proxmox-firewall' },
    })
  })

  it('writes nothing of what the nftables backend refuses, and says which line', async () => {
    const out = join(place, 'refused')
    const root = join(repository, 'scenarios/case/root')
    const argv = ['compile', '--root', root, '--backend', 'nftables', '--out', out]
    const { code, stderr } = await runCli(argv, { columns: null, env: {} })
    expect(code).toBe(3)
    expect(stderr).toMatch(
      /^nftables backend would refuse this configuration: cluster.fw:10: [^!]*boot there are none\n/,
    )
    expect(existsSync(out)).toBe(false)
  })

  it.each([
    ['iptables-save', ['v4.rules', 'v4raw.rules']],
    ['ip6tables-save', ['v6.rules', 'v6raw.rules']],
    ['ipset', ['ipset.txt']],
    ['ebtables', ['ebtables.txt']],
  ])('--format %s prints %j', async (format, files) => {
    const out = join(place, 'formats')
    await compile('--out', out)
    const texts = files.map((file) => readFileSync(join(out, file), 'latin1')).join('')
    expect((await compile('--format', format)).stdout).toBe(texts)
  })

  it.each(['/etc/pve', '/etc/pve/firewall', '/etc/../etc/pve/x'])(
    'writes nothing to %s',
    async (out) => {
      const { code, stderr } = await compile('--out', out)
      expect(code).toBe(2)
      expect(stderr).toMatch(/below \/etc\/pve/)
      expect(existsSync('/etc/pve')).toBe(false)
    },
  )

  it('sees /etc/pve behind a symbolic link', async () => {
    symlinkSync('/etc', join(place, 'link'))
    expect((await compile('--out', join(place, 'link/pve/x'))).code).toBe(2)
  })

  it.each([
    ['neither --out nor --format', []],
    ['both', ['--out', join(place, 'x'), '--format', 'ipset']],
    ['a directory that cannot be made', ['--out', '/dev/null/x']],
    ['the other backend', ['--format', 'ipset', '--backend', 'nftables']],
  ])('refuses %s', async (_name, argv) => {
    expect((await compile(...argv)).code).toBe(2)
  })

  it('writes what the kernel tools would refuse, and says so', async () => {
    const root = join(repository, 'scenarios/equal-set-entries/root')
    const argv = ['compile', '--root', root, '--format', 'ipset']
    const { code, stdout, stderr } = await runCli(argv, { columns: null, env: {} })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^create /)
    expect(stderr).toMatch(/error compile\/restore-refused/)
  })
})

describe('the recorded texts', () => {
  const cases = corpusCases('clean').slice(0, 3)
  it.skipIf(cases.length === 0).each(cases.map((directory) => [basename(directory), directory]))(
    'of %s come out of the command byte for byte',
    async (_name, directory) => {
      const out = join(place, basename(directory))
      await runCli(['compile', '--root', directory, '--node', 'pve1', '--out', out])
      for (const file of ['v4.rules', 'v6.rules', 'v4raw.rules', 'v6raw.rules', 'ebtables.txt'])
        expect(readFileSync(join(out, file), 'latin1')).toBe(
          readFileSync(join(directory, 'expect/iptables', file), 'latin1'),
        )
    },
  )
})
