import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository, runCli } from '../support/run-cli.ts'

const office = join(repository, 'examples/small-office')
const cluster = join(repository, 'examples/three-nodes')
const scenario = (name: string): string => join(repository, 'scenarios', name, 'root')
const pipe = { columns: null, env: { LC_ALL: 'C.UTF-8' } }

const place = mkdtempSync(join(tmpdir(), 'pvefw-trace-'))
beforeAll(() => {
  cpSync(office, join(place, 'nftables'), { recursive: true })
  writeFileSync(join(place, 'nftables/etc/pve/nodes/office/host.fw'), '[OPTIONS]\nnftables: 1\n')
  cpSync(office, join(place, 'broken-rate'), { recursive: true })
  writeFileSync(
    join(place, 'broken-rate/etc/pve/firewall/cluster.fw'),
    '[OPTIONS]\nenable: 1\nlog_ratelimit: rate=5/minute\n',
  )
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

const packet = '192.168.1.53 -> 105:80/tcp'

describe('pvefw trace reads as in its golden file', () => {
  const cases: readonly (readonly [name: string, argv: readonly string[]])[] = [
    ['dropped', ['--root', office, packet]],
    ['dropped-v', ['--root', office, packet, '-v']],
    ['dropped-vv', ['--root', office, packet, '-vv']],
    ['added', ['--root', office, packet, '--add', '105:IN ACCEPT -source 192.168.1.53']],
    ['set', ['--root', office, 'host -> 1.1.1.1:53/udp', '--set', 'cluster.policy_out=DROP']],
    [
      'edits-in-order',
      [
        ...['--root', office, packet, '--disable', '105/net0', '--set=host.nftables=1'],
        ...['--add', '105:2:IN DROP -p tcp', '--enable', '105/net0', '--backend', 'auto'],
      ],
    ],
    ['added-nonsense', ['--root', office, packet, '--add', 'cluster:IN DROP -source ofice']],
    ['added-nowhere', ['--root', office, packet, '--add', 'group/monitoring:7:IN DROP']],
    ['set-nonsense', ['--root', office, packet, '--set', 'cluster.policy_int=DROP']],
    ['enable-nobody', ['--root', office, packet, '--enable', '106']],
    ['other-node', ['--root', cluster, 'shop -> mail:22/tcp']],
    ['mark-leak', ['--root', scenario('mark-leak'), 'vm105 -> host:111/tcp']],
    ['firewall-off', ['--root', scenario('dc-off-vm-on'), '198.51.100.9 -> 105:22/tcp']],
    ['guest-off', ['--root', scenario('vm-off'), '198.51.100.9 -> 105:22/tcp']],
    ['nic-off', ['--root', scenario('nic-flag'), '198.51.100.9 -> 105:22/tcp']],
    ['fail-open', ['--root', scenario('fail-open-group'), '198.51.100.9 -> 105:22/tcp']],
    ['refused', ['--root', scenario('equal-set-entries'), '198.51.100.9 -> host:22/tcp']],
    [
      'anyway',
      ['--root', scenario('equal-set-entries'), '198.51.100.9 -> host:22/tcp', '--anyway'],
    ],
    ['rejected', ['--root', scenario('reject-answers'), '198.51.100.9 -> 105:22/tcp']],
    ['noise', ['--root', scenario('windows-noise-unlogged'), '198.51.100.9 -> 105:445/tcp']],
    ['unknown', ['--root', office, '--from', 'outside:vmbr0', '--to', '105', '--dport', '80']],
    ['arp', ['--root', office, '--from', '105', '--to', 'outside', '-p', 'arp']],
    ['json', ['--root', office, packet, '--json']],
    ['contradiction', ['--root', office, '-p', 'icmp', '--dport', '80', '--vm', '105']],
    ['no-such-guest', ['--root', office, '--vm', '150', '--dport', '80']],
    ['nowhere', ['--root', '/nonexistent', packet]],
    ['nftables-node', ['--root', join(place, 'nftables'), packet]],
    ['nftables-v', ['--root', office, packet, '-v', '--backend', 'nftables']],
    ['nftables-json', ['--root', office, packet, '--json', '--backend', 'nftables']],
    ['nftables-minimal', ['--root', office, packet, '--minimal', '--backend', 'nftables']],
    [
      'nftables-arp',
      [
        '--root',
        office,
        '--from',
        '105',
        '--to',
        'outside',
        '-p',
        'arp',
        '-v',
        '--backend',
        'nftables',
      ],
    ],
    ['nftables-refused', ['--root', scenario('case'), packet, '--backend', 'nftables']],
    ['nftables-anyway', ['--root', scenario('case'), packet, '--backend', 'nftables', '--anyway']],
    ['both', ['--root', office, packet, '--backend', 'both']],
    ['both-refused', ['--root', scenario('case'), packet, '--backend', 'both']],
  ]
  it.each(cases)('%s', async (name, argv) => {
    const { code, stdout, stderr } = await runCli(['trace', ...argv], pipe)
    const text = `exit code ${code}\n--- stdout\n${stdout}--- stderr\n${stderr}`
    await expect(text.replaceAll(place, '/place').replaceAll(repository, '/')).toMatchFileSnapshot(
      `golden/trace-${name}.txt`,
    )
  })
})

describe('exit code', () => {
  const codes: readonly (readonly [name: string, code: number, argv: readonly string[]])[] = [
    ['answered', 0, ['--root', office, packet]],
    ['as expected', 0, ['--root', office, packet, '--expect', 'drop']],
    ['not as expected', 1, ['--root', office, packet, '--expect', 'accept']],
    ['no packet', 2, ['--root', office]],
    ['a contradiction', 2, ['--root', office, packet, '--dport', '443']],
    ['the other backend', 0, ['--root', office, packet, '--backend', 'nftables']],
    ['refused by nft', 3, ['--root', scenario('case'), packet, '--backend', 'nftables']],
    [
      'so, but traced anyway',
      0,
      ['--root', scenario('case'), packet, '--backend', 'nftables', '--anyway'],
    ],
    ['one of both refuses', 3, ['--root', scenario('case'), packet, '--backend', 'both']],
    ['both as expected', 0, ['--root', office, packet, '--backend', 'both', '--expect', 'drop']],
    ['a batch for both', 2, ['--root', office, '--batch', '-', '--backend', 'both']],
    ['an odd version', 2, ['--root', office, packet, '--nft-version', 'new']],
    [
      'a setting that pve-firewall makes itself',
      2,
      ['--root', office, packet, '--backend', 'iptables', '--bridge-nf-call', '0'],
    ],
    ['two forms of output', 2, ['--root', office, packet, '--json', '--minimal']],
    ['an empty root', 2, ['--root', '', packet]],
    ['nothing to read', 3, ['--root', '/nonexistent', packet]],
    ['refused by the backend', 3, ['--root', scenario('equal-set-entries'), packet]],
    ['pve-firewall dies', 3, ['--root', join(place, 'broken-rate'), packet]],
    ['refused, but traced anyway', 0, ['--root', join(place, 'broken-rate'), packet, '--anyway']],
    ['unknown', 4, ['--root', office, '--from', 'outside', '--to', '105', '--dport', '80']],
    [
      'unknown is not as expected either',
      4,
      ['--root', office, '--from', 'outside', '--to', '105', '--dport', '80', '--expect', 'drop'],
    ],
  ]
  it.each(codes)('%s is %i', async (_name, code, argv) => {
    expect((await runCli(['trace', ...argv], pipe)).code).toBe(code)
  })

  it('of a bug is 70, with a request to report it', async () => {
    const broken = {
      get LC_ALL(): string {
        throw new Error('boom \u001b[31m')
      },
    }
    const { code, stderr } = await runCli(['trace', '--root', office, packet], {
      columns: null,
      env: broken,
    })
    expect(code).toBe(70)
    expect(stderr).toMatch(/this is a bug in pvefw: boom \\x1b\[31m\n.*report/)
  })
})

describe('the same packet', () => {
  const ways: readonly (readonly string[])[] = [
    ['192.168.1.53 -> 105:80/tcp'],
    ['192.168.1.53', '->', '105:80/tcp'],
    ['--vm', '105', '--src', '192.168.1.53', '--dport', '80'],
    ['--from', '192.168.1.53', '--to', 'web', '-p', 'tcp', '--dport', 'http'],
    [
      '--from',
      'outside:vmbr0',
      '--src',
      '192.168.1.53',
      '--to',
      '105/net0',
      '--dport=80',
      '--flags',
      'S',
    ],
    ['192.168.1.53 -> 105', '--protocol', 'tcp', '--dport', '80', '--state', 'new'],
  ]
  it.each(ways.map((argv) => [argv.join(' '), argv] as const))('%s', async (_name, argv) => {
    const { stdout } = await runCli(['trace', '--root', office, '--minimal', ...argv], pipe)
    expect(stdout).toBe('DROP etc/pve/firewall/105.fw:9 filter:tap105i0-IN:rule:5\n')
  })
})

describe('the receiver', () => {
  it('gets colour and a mark on a terminal, and the same words', async () => {
    const argv = ['trace', '--root', office, packet]
    const coloured = await runCli(argv, { columns: 80, env: { LANG: 'C.UTF-8' } })
    const piped = await runCli(argv, pipe)
    expect(coloured.stdout).toContain('\u001b[1;31m✘ DROP\u001b[0m')
    expect(stripVTControlCharacters(coloured.stdout)).toBe(`✘ ${piped.stdout}`)
  })

  it('gets no colour with NO_COLOR', async () => {
    const { stdout } = await runCli(['trace', '--root', office, packet], {
      columns: 80,
      env: { LANG: 'C.UTF-8', NO_COLOR: '1' },
    })
    expect(stdout).toMatch(/^✘ DROP {2}tcp/)
    expect(stdout).not.toContain('\u001b')
  })

  it('gets ASCII in the C locale', async () => {
    const { stdout } = await runCli(['trace', '--root', office, packet, '-v'], {
      columns: null,
      env: {},
    })
    expect([...stdout].filter((c) => c > '~')).toEqual([])
    expect(stdout).toMatch(/^DROP {2}tcp 192\.168\.1\.53:49152 -> vm105/)
  })

  it.each([40, 80, 200])('of %i columns gets no longer line', async (columns) => {
    const { stdout } = await runCli(['trace', '--root', office, packet, '-vv'], {
      columns,
      env: { LANG: 'C.UTF-8', NO_COLOR: '1' },
    })
    expect(stdout.split('\n').filter((line) => [...line].length > columns)).toEqual([])
  })
})

describe('--batch', () => {
  const batch = async (stdin: string, ...more: readonly string[]) => {
    const ran = await runCli(['trace', '--root', office, '--batch', '-', ...more], {
      ...pipe,
      stdin,
    })
    return {
      ...ran,
      answers: ran.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    }
  }

  it('answers each line in order, in the words of the contract', async () => {
    const { code, answers } = await batch(
      '{"id":7,"from":"outside","src":"192.168.1.53","to":"vm105","proto":"tcp","dport":80}\n\n' +
        '{"id":"b","from":"outside","src":"198.51.100.9","to":"vm105","proto":"tcp","dport":80}',
    )
    expect(code).toBe(0)
    expect(answers).toMatchObject([
      {
        id: 7,
        verdict: 'drop',
        decidedBy: {
          kind: 'rule',
          file: 'etc/pve/firewall/105.fw',
          line: 9,
          text: 'IN DROP -source 192.168.1.53 # the old till: it scans',
          chain: 'tap105i0-IN',
          kernel: 'filter:tap105i0-IN:rule:5',
        },
        assumptions: [],
      },
      { id: 'b', verdict: 'reject' },
    ])
  })

  it('answers a line it does not understand with an error, and goes on', async () => {
    const { code, answers } = await batch(
      'nonsense\n{"id":1,"to":"vm999","dport":1}\n{"id":2,"destination":"x"}\n{"id":3,"src":"10.0.0.1","to":"110","dport":445}\n',
    )
    expect(code).toBe(0)
    expect(answers).toMatchObject([
      { id: null, error: expect.stringContaining('not JSON') },
      { id: 1, error: expect.stringContaining('999') },
      { id: 2, error: expect.stringContaining('destination') },
      { id: 3, verdict: 'accept' },
    ])
  })

  it('tells with --expect whether all were as expected', async () => {
    const line = '{"id":1,"src":"192.168.1.53","to":"105","dport":80}\n'
    expect((await batch(line, '--expect', 'drop')).code).toBe(0)
    expect((await batch(`${line}nonsense\n`, '--expect', 'drop')).code).toBe(1)
    expect((await batch(line, '--expect', 'accept')).code).toBe(1)
  })

  it('reads a file, and says when it cannot', async () => {
    const file = join(place, 'packets.jsonl')
    writeFileSync(file, '{"id":1,"src":"192.168.1.53","to":"105","dport":80}\n'.repeat(3000))
    const argv = ['trace', '--root', office, '--batch']
    expect((await runCli([...argv, file], pipe)).stdout.split('\n')).toHaveLength(3001)
    const missing = await runCli([...argv, join(place, 'none')], pipe)
    expect(missing.code).toBe(2)
    expect(missing.stderr).toMatch(/cannot read/)
  })

  it('takes an endless line for what it is', async () => {
    const { answers } = await batch(
      `${'x'.repeat(1_000_000)}\n{"id":1,"src":"10.0.0.1","to":"110","dport":445}`,
    )
    expect(answers).toMatchObject([{ error: expect.stringContaining('too long') }, { id: 1 }])
  })

  it('leaves other packets out', async () => {
    expect((await batch('', '--dport', '80')).code).toBe(2)
  })
})
