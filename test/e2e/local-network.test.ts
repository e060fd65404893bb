import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { repository, runCli } from '../support/run-cli.ts'

/** A copy of /etc/pve alone: nothing tells the network of the node. */
let bare = ''
beforeAll(() => {
  bare = mkdtempSync(join(tmpdir(), 'pvefw-bare-'))
  cpSync(join(repository, 'examples/small-office/etc/pve'), bare, { recursive: true })
})
afterAll(() => rmSync(bare, { recursive: true }))

const facts: readonly [string, readonly string[], string, number][] = [
  ['who may manage the host is unknown', ['192.168.1.53 -> host:8006/tcp'], 'UNKNOWN', 4],
  ['what nobody may reach is dropped', ['8.8.8.8 -> host:9999/tcp'], 'DROP', 0],
  ['guests are filtered all the same', ['192.168.1.53 -> 105:80/tcp'], 'DROP', 0],
  [
    'told the network, the answer is firm',
    ['192.168.1.53 -> host:8006/tcp', '--local-network', '192.168.1.0/24'],
    'ACCEPT',
    0,
  ],
  [
    'told another network, it is another one',
    ['192.168.1.53 -> host:8006/tcp', '--local-network', '10.0.0.0/8'],
    'DROP',
    0,
  ],
]

it.each(facts)(
  'where nobody says which network the node is in, %s',
  async (_fact, asked, verdict, exit) => {
    const { code, stdout } = await runCli(['trace', '--root', bare, '--minimal', ...asked])
    expect([stdout.split(' ')[0], code]).toEqual([verdict, exit])
  },
)
