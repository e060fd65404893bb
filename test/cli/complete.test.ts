import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../support/run-cli.ts'

const root = mkdtempSync(join(tmpdir(), 'pvefw-complete-'))

beforeAll(() => {
  const files: Readonly<Record<string, string>> = {
    'etc/hostname': 'pve1\n',
    'etc/network/interfaces':
      'auto vmbr0\niface vmbr0 inet static\n\taddress 192.168.1.10/24\n\tbridge-ports eno1\n',
    'etc/pve/nodes/pve1/qemu-server/105.conf':
      'name: web\nnet0: virtio=BC:24:11:00:01:05,bridge=vmbr0\n',
    'etc/pve/nodes/pve1/lxc/200.conf': 'hostname: $(reboot)\nnet0: name=eth0,bridge=vmbr0\n',
    'etc/pve/nodes/pve2/qemu-server/106.conf': 'name: db\n',
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runCli(['--get-yargs-completions', 'pvefw', ...words])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.split('\n').filter((line) => line !== '')
}

describe('completion offers', () => {
  it('commands first', async () => {
    expect(await offered('')).toEqual([
      'trace',
      'flow',
      'step',
      'verify',
      'drift',
      'audit',
      'plan',
      'diff',
      'lint',
      'find',
      'matrix',
      'compile',
      'backends',
      'explain',
      'man',
      'completion',
      '--help',
      '--version',
    ])
    expect(await offered('co')).toEqual(['compile', 'completion'])
  })

  it('options that begin so', async () => {
    expect(await offered('trace', '--lo')).toEqual(['--local-network'])
  })

  it('choices', async () => {
    expect(await offered('trace', '--expect', '')).toEqual(['accept', 'drop', 'reject'])
    expect(await offered('completion', 'f')).toEqual(['fish'])
  })

  it('guests, names, bridges and nodes of the configuration', async () => {
    expect(await offered('trace', '--root', root, '--to', '')).toEqual([
      'host',
      'outside',
      '105',
      'vm105',
      'web',
      '106',
      'vm106',
      'db',
      '200',
      'ct200',
      'outside:vmbr0',
      'pve2',
    ])
    expect(await offered('trace', `--root=${root}`, '--vm', '10')).toEqual(['105', '106'])
    expect(await offered('trace', '--root', root, '--node', '')).toEqual(['pve1', 'pve2'])
  })

  it('values after an equals sign', async () => {
    expect(await offered('trace', '--root', root, '--to=vm')).toEqual(['--to=vm105', '--to=vm106'])
  })

  it('no name that a shell would act on', async () => {
    expect(await offered('trace', '--root', root, '--to', '$')).toEqual([])
  })

  it('nothing, and no complaint, where there is no configuration', async () => {
    expect(await offered('trace', '--root', join(root, 'nowhere'), '--vm', '')).toEqual([])
  })
})

describe('the scripts', () => {
  it.each(['bash', 'zsh', 'fish'])('of %s ask the hidden question', async (shell) => {
    const { code, stdout } = await runCli(['completion', shell])
    expect(code).toBe(0)
    expect(stdout).toContain('pvefw --get-yargs-completions')
    const check = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' })
    if (check.error === undefined) expect(check.stderr).toBe('')
  })
})
