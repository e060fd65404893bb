import { spawnSync } from 'node:child_process'

/**
 * Runs a shell script in a network name space of its own, which the kernel takes away with it: nothing of the machine
 * is touched. Text in and out is bytes.
 */
export function inNameSpace(script: string): { readonly out: string; readonly said: string } {
  const { stdout, stderr } = spawnSync('unshare', ['-n', 'bash'], {
    input: Buffer.from(script, 'latin1'),
    encoding: 'latin1',
    maxBuffer: 256 << 20,
  })
  return { out: stdout, said: stderr }
}

/** Why the real tools cannot be asked here; null where they can. */
export function toolsMissing(...commands: readonly string[]): string | null {
  const { status, stderr } = spawnSync('unshare', ['-n', 'sh', '-c', commands.join(' && ')], {
    encoding: 'utf8',
  })
  return status === 0
    ? null
    : `no name space with these tools: ${stderr?.trim() ?? 'unshare failed'}`
}

/** `title`, with the reason why it is skipped. */
export function titled(title: string, missing: string | null): string {
  return missing === null ? title : `${title} (skipped: ${missing.split('\n')[0]})`
}
