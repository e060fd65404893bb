import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Compiled, compile } from '../../src/compile/compile.ts'
import { readIptables } from '../../src/config/dialect/iptables/read.ts'
import { loadTree } from '../../src/config/load.ts'
import type { RestoreStep } from '../../src/netfilter/restore.ts'
import { type HandedFile, renderHanded } from '../../src/render/iptables-save.ts'
import { corpusCases } from '../support/corpus.ts'

const FILES: Readonly<Record<RestoreStep, HandedFile>> = {
  ipset: 'ipset.txt',
  v4: 'v4.rules',
  v4raw: 'v4raw.rules',
  v6: 'v6.rules',
  v6raw: 'v6raw.rules',
  ebtables: 'ebtables.txt',
}

/** `v4.rules:155`: where an update ends; null when it does not. */
function endOf({ handed, refusal }: Compiled): string | null {
  if (handed === null || refusal === null) return null
  const file = FILES[refusal.step]
  const lines = renderHanded(handed)[file].split('\n')
  const at = lines.findIndex((line) => line.replace(/^-A \S+ /, '') === refusal.line.text)
  return `${file}:${at + 1}`
}

/** The same as recorded: what iptables-restore said, if the kernel was not given the ruleset for it. */
function recordedEnd(directory: string): string | null {
  const path = join(directory, 'expect', 'iptables', 'kernel.jsonl')
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const found = /^\{"error": "(\S+\.rules): .*Error occurred at line: (\d+)/.exec(text)
  return found === null ? null : `${found[1]}:${found[2]}`
}

describe('the update ends where the recorded one did', () => {
  for (const kind of ['clean', 'messy'] as const) {
    const cases = corpusCases(kind)
    it.skipIf(cases.length === 0)(`corpus/${kind}`, () => {
      for (const root of cases) {
        const options = { root, node: null, guest: null, hostIp: null, localNetwork: null }
        const { tree } = loadTree(options)
        if (tree === null) throw new Error(`no tree in ${root}`)
        expect(
          endOf(compile(tree, readIptables(tree, { now: 1_750_000_000 }))),
          basename(root),
        ).toBe(recordedEnd(root))
      }
    })
  }
})
