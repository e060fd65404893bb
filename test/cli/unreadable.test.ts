import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository, runCli } from '../support/run-cli.ts'

const place = mkdtempSync(join(tmpdir(), 'pvefw-unreadable-'))
const office = join(repository, 'examples/small-office')

/** The office with something else in the place of one file: it is there and cannot be read, whoever asks. */
function spoilt(name: string, path: string, spoil: (at: string) => void): string {
  const root = join(place, name)
  cpSync(office, root, { recursive: true })
  rmSync(join(root, path), { force: true })
  spoil(join(root, path))
  return root
}

const circle = (at: string): void => symlinkSync(at, at)
const directory = (at: string): void => {
  mkdirSync(at)
}

const roots: Record<string, string> = {}
beforeAll(() => {
  roots['guest rules'] = spoilt('guest-rules', 'etc/pve/firewall/105.fw', circle)
  roots['cluster rules'] = spoilt('cluster-rules', 'etc/pve/firewall/cluster.fw', directory)
  roots['host rules'] = spoilt('host-rules', 'etc/pve/nodes/office/host.fw', directory)
  roots['a guest'] = spoilt('guest', 'etc/pve/nodes/office/qemu-server/105.conf', circle)
  roots['hosts'] = spoilt('hosts', 'etc/hosts', directory)
  roots['storage'] = spoilt('storage', 'etc/pve/storage.cfg', directory)
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

const packet = '192.168.1.53 -> 105:80/tcp'
const run = (name: string, ...argv: readonly string[]): ReturnType<typeof runCli> =>
  runCli([...argv, '--root', roots[name] ?? ''])

describe('a file that is there and cannot be read', () => {
  it.each(['guest rules', 'cluster rules', 'host rules', 'a guest'])(
    'leaves no answer where it may decide: %s',
    async (name) => {
      const { code, stdout, stderr } = await run(name, 'trace', packet, '--minimal')
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
      expect(stderr).toContain('cannot be read')
      expect(stderr).toContain('--anyway')
    },
  )

  it('leaves nothing to compile', async () => {
    const { code, stdout } = await run('guest rules', 'compile', '--format', 'ipset')
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
  })

  it('counts as missing with --anyway, and is told', async () => {
    const { code, stdout, stderr } = await run('guest rules', 'trace', packet, '--anyway')
    expect(code).toBe(0)
    expect(stdout).toMatch(/ACCEPT/)
    expect(stderr).toContain('cannot be read')
  })

  it.each(['hosts', 'storage'])('is only told where no rule stands in it: %s', async (name) => {
    const { code, stderr } = await run(name, 'trace', packet)
    expect(code).toBe(0)
    expect(stderr).toContain('cannot be read')
  })
})

describe('a node whose address no file tells', () => {
  it('is told with every packet to it, as the management network hangs on it', async () => {
    const { stderr } = await run('hosts', 'trace', '192.168.1.53 -> host:8006/tcp')
    expect(stderr).toContain('config/host-address-unknown')
    expect(stderr).toContain('--host-ip')
  })

  it('takes only an address for --host-ip, and a network for --local-network', async () => {
    for (const option of ['--host-ip', '--local-network']) {
      const { code, stdout } = await run('hosts', 'trace', packet, option, 'banana')
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    }
  })
})
