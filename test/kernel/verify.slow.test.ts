import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repository, runCli } from '../support/run-cli.ts'
import { localMissing } from './labs.ts'
import { titled } from './name-space.ts'

const office = join(repository, 'examples/small-office')
const pipe = { columns: null, env: { LC_ALL: 'C.UTF-8' } }

/** Everything of this machine that a lab could have touched. */
function machine(): string {
  const { stdout } = spawnSync(
    'sh',
    [
      '-c',
      'ip -o link; ip route; ip -6 route; iptables-legacy-save; nft list ruleset; ipset list -n; cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/all/rp_filter /proc/sys/net/netfilter/nf_log/2',
    ],
    { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } },
  )
  return stdout.replace(/^# .*$/gm, '').replace(/\[\d+:\d+\]/g, '')
}

/** The agents a process has started. */
function childrenOf(pid: number | undefined): readonly number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
  const rows = stdout.split('\n').map((row) => row.trim().split(/\s+/).map(Number))
  return rows.flatMap(([own = 0, parent]) => (parent === pid ? [own] : []))
}

describe.skipIf(localMissing !== null)(titled('pvefw verify', localMissing), () => {
  it('says that kernel and model agree about the examples', async () => {
    const batch = [
      { from: 'outside', src: '192.168.1.53', to: '105', proto: 'tcp', dport: 80 },
      { from: 'outside', src: '198.51.100.9', to: '105', proto: 'tcp', dport: 22 },
      { from: '105', to: 'host', proto: 'tcp', dport: 8006 },
      { from: '105', to: '200', proto: 'udp', dport: 53 },
    ]
    const stdin = batch.map((line) => JSON.stringify(line)).join('\n')
    const { stdout, stderr, code } = await runCli(
      ['verify', '--root', office, '--batch', '-', '--json'],
      { ...pipe, stdin },
    )
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { agree: boolean; verdict: string })
    expect(
      rows.map(({ agree, verdict }) => [agree, verdict]),
      stderr,
    ).toEqual([
      [true, 'drop'],
      [true, 'reject'],
      [true, 'accept'],
      [true, 'accept'],
    ])
    expect(code).toBe(0)
  })

  it('asks about the packets that the audit says are lost', async () => {
    const options = ['--lockout', '--admin', '203.0.113.0/24', '--json']
    const { stdout, stderr, code } = await runCli(['verify', '--root', office, ...options], pipe)
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { agree: boolean; verdict: string })
    expect(
      rows.map(({ agree, verdict }) => [agree, verdict]),
      stderr,
    ).toEqual(Array.from({ length: 4 }, () => [true, 'drop']))
    expect(code).toBe(0)
  })

  it('has nothing to ask where the audit loses nothing', async () => {
    const { stdout, code } = await runCli(['verify', '--root', office, '--lockout'], pipe)
    expect(stdout).toContain('loses nothing here')
    expect(code).toBe(0)
  })

  it('agrees that rules are refused', async () => {
    const root = join(repository, 'scenarios/equal-set-entries/root')
    const { stdout, code } = await runCli(
      ['verify', '--root', root, '198.51.100.9 -> host:22/tcp'],
      pipe,
    )
    expect(stdout).toContain('AGREE')
    expect(stdout).toContain('the rules are refused')
    expect(code).toBe(0)
  })

  it('leaves the machine as it was, also when it is killed in the middle', async () => {
    const before = machine()
    const lines = new Array(3000).fill(
      JSON.stringify({ from: 'outside', src: '198.51.100.9', to: '105', proto: 'tcp', dport: 22 }),
    )
    const child = spawn(
      process.execPath,
      [join(repository, 'dist/pvefw.mjs'), 'verify', '--root', office, '--batch', '-'],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    )
    child.stdin.end(lines.join('\n'))
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const agents = childrenOf(child.pid)
    expect(agents).toHaveLength(1)
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('close', resolve))
    // what the kernel still takes away is nobody's any more
    const alive = (): boolean => agents.some((pid) => existsSync(`/proc/${pid}`))
    for (let i = 0; i < 100 && alive(); i += 1)
      await new Promise((resolve) => setTimeout(resolve, 50))
    expect(alive()).toBe(false)
    expect(machine()).toBe(before)
  })

  it('works without root, in a user name space', ({ skip }) => {
    const script = `unshare -Urnm true && node ${join(repository, 'dist/pvefw.mjs')} verify --root ${office} '192.168.1.53 -> 105:80/tcp'`
    const shell = spawnSync('su', ['nobody', '-s', '/bin/sh', '-c', script], { encoding: 'utf8' })
    if (/unshare|Permission denied|cannot open/.test(shell.stderr))
      skip('no user name spaces for others here')
    expect(shell.stdout, shell.stderr).toContain('AGREE')
  })

  it('says how to be able to ask where it cannot', () => {
    const { stderr, status } = spawnSync(
      process.execPath,
      [join(repository, 'dist/pvefw.mjs'), 'verify', '--root', office, '105 -> 200:53/udp'],
      {
        encoding: 'utf8',
        env: { PATH: '/nonexistent' },
      },
    )
    expect(status).toBe(5)
    expect(stderr).toContain('help: ')
  })
})
