import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository } from '../support/run-cli.ts'

const office = join(repository, 'examples/small-office')
const place = mkdtempSync(join(tmpdir(), 'pvefw-built-'))
const built = join(place, 'pvefw.mjs')

/** The command as users get it: one file, started by node. */
beforeAll(() => {
  const file = JSON.stringify(relative(repository, built))
  const script = `import('./.ci/bundle.mjs').then(({ bundle }) => bundle('src/cli/main.ts', ${file}))`
  execFileSync(process.execPath, ['-e', script], { cwd: repository })
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' }
const run = (...argv: readonly string[]) =>
  spawnSync(process.execPath, [built, ...argv], { cwd: repository, env, encoding: 'utf8' })

describe('the built command', () => {
  it('answers', () => {
    const { status, stdout, stderr } = run('trace', '--root', office, '192.168.1.53 -> 105:80/tcp')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(
      /^DROP {2}tcp 192\.168\.1\.53:49152 → vm105 .*\nby {2}105\.fw:9 {2}IN DROP/,
    )
  })

  it('is a program of its own', () => {
    expect(execFileSync(built, ['--version'], { env, encoding: 'utf8' })).toMatch(
      /^\d+\.\d+\.\d+\n$/,
    )
  })

  it('passes exit codes on', () => {
    expect(
      run('trace', '--root', office, '192.168.1.53 -> 105:80/tcp', '--expect', 'accept').status,
    ).toBe(1)
    expect(run('trace', '--nonsense').status).toBe(2)
    expect(run('trace', '--root', '/nonexistent', '1.1.1.1 -> 2.2.2.2:1/tcp').status).toBe(3)
  })

  it('ends quietly when nobody reads on', async () => {
    const packets = join(place, 'packets.jsonl')
    writeFileSync(packets, '{"id":1,"src":"192.168.1.53","to":"105","dport":80}\n'.repeat(20_000))
    const child = spawn(process.execPath, [built, 'trace', '--root', office, '--batch', packets], {
      env,
    })
    let stderr = ''
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString()
    })
    child.stdout.once('data', () => child.stdout.destroy())
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('reads packets from a pipe, each answer as soon as it can be', () => {
    const input = '{"id":1,"src":"192.168.1.53","to":"105","dport":80}\n'.repeat(5000)
    const { status, stdout } = spawnSync(
      process.execPath,
      [built, 'trace', '--root', office, '--batch', '-'],
      { env, input, encoding: 'utf8', maxBuffer: 1 << 28 },
    )
    expect(status).toBe(0)
    expect(stdout.split('\n')).toHaveLength(5001)
  })

  it('holds no file beside it', () => {
    expect(existsSync(join(place, 'node_modules'))).toBe(false)
  })
})
