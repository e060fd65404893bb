import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unsafeIn } from '../render/build.ts'
import { repository, runCli } from '../support/run-cli.ts'

const root = join(mkdtempSync(join(tmpdir(), 'pvefw-hostile-')), 'root')
const nasty = '\u001b]0;x\u0007\u001b[2J\u009b31m\u202e\u200b\r\b\u0085'

/** A small office whose every file has something for the terminal in it. */
beforeAll(() => {
  cpSync(join(repository, 'examples/small-office'), root, { recursive: true })
  const firewall = join(root, 'etc/pve/firewall')
  const guests = join(root, 'etc/pve/nodes/office/qemu-server')
  appendFileSync(
    join(firewall, '105.fw'),
    `IN ACCEPT -p ${nasty} # ${nasty}\nIN SSH(${nasty}\n|${nasty}\n`,
  )
  appendFileSync(
    join(firewall, 'cluster.fw'),
    `\n[${nasty}]\n[ALIASES]\n${nasty} 1.1.1.1\nevil ${nasty}\n[IPSET ${nasty}]\n`,
  )
  appendFileSync(join(guests, '105.conf'), `net1: ${nasty}\nname: ${nasty}\n`)
  writeFileSync(
    join(guests, '106.conf'),
    Buffer.from([0x6e, 0x61, 0x6d, 0x65, 0x3a, 0x20, 0xff, 0x1b, 0x5b, 0x0a]),
  )
  writeFileSync(join(firewall, '106.fw'), `[OPTIONS]\nenable: ${nasty}\n`)
  appendFileSync(join(root, 'etc/hosts'), `${nasty} office\n`)
  appendFileSync(
    join(root, 'etc/network/interfaces'),
    `iface ${nasty} inet static\n\taddress ${nasty}\n`,
  )
})
afterAll(() => rmSync(join(root, '..'), { recursive: true, force: true }))

const lines: readonly (readonly string[])[] = [
  ['trace', '192.168.1.53 -> 105:80/tcp', '-vv'],
  ['trace', '192.168.1.53 -> 106:80/tcp', '-v'],
  ['trace', '192.168.1.53 -> 105:80/tcp', '--json'],
  ['trace', '192.168.1.53 -> 105:80/tcp', '--minimal'],
  ['trace', `${nasty} -> ${nasty}:80/tcp`],
  ['trace', '--to', nasty, '--dport', nasty],
  ['trace', '--batch', '-'],
  ['compile', '--format', 'ebtables'],
  ['--get-yargs-completions', 'pvefw', 'trace', '--to', ''],
  [nasty],
  ['trace', `--${nasty}`],
]

describe('no control character of a configuration, a packet or an option reaches the terminal', () => {
  it.each(lines.map((argv) => [JSON.stringify(argv.join(' ')), argv] as const))(
    '%s',
    async (_, argv) => {
      const stdin = `{"id":"${nasty.replace(/[^ -~]/gu, 'x')}","to":"${'\\u001b\\u202e'}","dport":80}\n{"id":"\\u009b","to":"105","dport":80}\n`
      const more = argv[0] === 'trace' || argv[0] === 'compile' ? ['--root', root] : []
      const { code, stdout, stderr } = await runCli([...argv, ...more], {
        columns: null,
        env: { LC_ALL: 'C.UTF-8' },
        stdin,
      })
      expect(code).not.toBe(70)
      expect([...unsafeIn(stdout), ...unsafeIn(stderr)]).toEqual([])
    },
  )
})
