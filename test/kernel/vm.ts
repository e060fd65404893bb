import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AGENT_PROGRAM } from '../../src/kernel/agent-program.ts'
import type { Transport } from '../../src/kernel/transport.ts'
import { repository } from '../support/run-cli.ts'

/** Where the image is that `.ci/vm-image.mjs` makes, or why there is none. */
export function vmImage(): { readonly directory: string } | { readonly missing: string } {
  const { status, stdout } = spawnSync(process.execPath, ['.ci/vm-image.mjs'], {
    cwd: repository,
    encoding: 'utf8',
  })
  const said = stdout.trim().split('\n').at(-1) ?? ''
  if (status !== 0) return { missing: said }
  const qemu = spawnSync('qemu-system-x86_64', ['--version'])
  return qemu.status === 0 ? { directory: said } : { missing: 'there is no qemu-system-x86_64' }
}

/**
 * Boots Debian's kernel in a virtual machine without devices but a serial port, and hands the agent over. The machine
 * ends when the stream does: init reads its end and powers off; qemu is killed with us (it ends at the end of its
 * standard input, and the parent's death is its last resort).
 */
export function bootVm(directory: string): Transport {
  const scratch = mkdtempSync(join(tmpdir(), 'pvefw-vm-'))
  const log = join(scratch, 'console')
  const kernelLine =
    'console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off nokaslr no_timer_check tsc=reliable random.trust_cpu=on audit=0 apparmor=0'
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...[
        '-M',
        'q35',
        '-accel',
        process.env['PVEFW_VM_ACCEL'] ?? 'tcg',
        '-cpu',
        'max',
        '-m',
        '512',
      ],
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
      ...['-kernel', join(directory, 'vmlinuz'), '-initrd', join(directory, 'initramfs')],
      ...['-append', kernelLine, '-serial', `file:${log}`],
      ...['-chardev', 'stdio,id=a,signal=off', '-device', 'virtio-serial-pci'],
      ...['-device', 'virtserialport,chardev=a'],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString('latin1')).slice(-2000)
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = new Promise<string>((resolve) => {
    const finish = (why: string): void => {
      process.off('exit', kill)
      const text = existsSync(log) ? readFileSync(log, 'latin1').slice(-2000) : ''
      rmSync(scratch, { recursive: true, force: true })
      resolve(`${why} ${text}`.trim())
    }
    child.on('error', (error) => finish(error.message))
    child.on('close', () => finish(said))
  })
  child.stdin.on('error', () => undefined)
  const program = Buffer.from(AGENT_PROGRAM, 'latin1')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(program.length)
  child.stdin.write(Buffer.concat([length, program]))
  return {
    write: (bytes) => void child.stdin.write(bytes),
    onBytes: (receive) => void child.stdout.on('data', receive),
    onEnd: (then) => void ended.then(then),
    close: async () => {
      child.stdin.end()
      child.kill('SIGTERM')
      await ended
    },
  }
}
