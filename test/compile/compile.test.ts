import { describe, expect, it } from 'vitest'
import { type Compiled, compile } from '../../src/compile/compile.ts'
import { readIptables } from '../../src/config/dialect/iptables/read.ts'
import { lineNumber } from '../../src/source/source-file.ts'
import { type ProbeInput, probeTree } from '../support/probe-tree.ts'

function compileProbe(input: ProbeInput): Compiled {
  const tree = probeTree(input)
  return compile(tree, readIptables(tree, { now: 1_750_000_000 }))
}

const GUEST = { qemu: { '100': { net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1' } } }

function chainNames({ held }: Compiled, table: number): readonly string[] {
  return [...(held.tables[table]?.chains.keys() ?? [])]
}

describe('an update that a tool refuses', () => {
  it('in ipset leaves the elements before the line, and no chain', () => {
    const made = compileProbe({
      files: {
        'cluster.fw': '[OPTIONS]\nenable: 1\n[IPSET aa]\n10.0.0.1\n10.0.0.1/24\n10.0.0.2/24\n',
      },
    })
    expect(made.refusal).toMatchObject({
      step: 'ipset',
      line: { text: 'add PVEFW-0-aa-v4 10.0.0.2/24' },
    })
    const sets = made.held.tables[0]?.sets
    expect([...(sets?.keys() ?? [])]).toEqual(['PVEFW-0-aa-v4'])
    expect(chainNames(made, 0)).toEqual(['INPUT', 'FORWARD', 'OUTPUT'])
    expect(made.diagnostics.map(({ message }) => message)).toEqual([
      "ipset restore refuses what this becomes: Element cannot be added to the set: it's already added; the update ends here, and no rule of the node is updated",
    ])
  })

  it('for IPv6 leaves IPv4 in force', () => {
    const made = compileProbe({
      files: {
        'cluster.fw':
          '[OPTIONS]\nenable: 1\n[RULES]\nIN ACCEPT -source fd00::1 -p sctp -dport https\n',
      },
    })
    expect(made.refusal?.step).toBe('v6')
    expect(chainNames(made, 0)).toContain('PVEFW-HOST-IN')
    expect(chainNames(made, 2)).toEqual(['INPUT', 'FORWARD', 'OUTPUT'])
    expect(chainNames(made, 4)).not.toContain('PVEFW-FORWARD')
  })

  it('tells of later refusals too, each line of a file once', () => {
    const made = compileProbe({
      files: {
        'cluster.fw':
          '[OPTIONS]\nenable: 1\n[RULES]\nIN ACCEPT -p sctp -dport https\nIN ACCEPT -p sctp -dport ssh\n',
      },
    })
    const lines = made.diagnostics.map(({ span }) => span && lineNumber(span.file, span.start))
    expect(lines).toEqual([4, 5])
    expect(made.diagnostics[1]?.message).toContain('once the lines before it are corrected')
  })
})

describe('a firewall that does not run', () => {
  it('off: the kernel holds built-in chains only, and nothing is wrong', () => {
    const made = compileProbe({ files: { 'cluster.fw': '[OPTIONS]\nenable: 0\n' }, guests: GUEST })
    expect(made.state).toBe('disabled')
    expect(chainNames(made, 0)).toEqual(['INPUT', 'FORWARD', 'OUTPUT'])
    expect(made.diagnostics).toEqual([])
  })

  it('failed: nothing is handed over', () => {
    const made = compileProbe({
      files: { 'cluster.fw': '[OPTIONS]\nenable: 1\nlog_ratelimit: rate=5/minute\n' },
    })
    expect(made).toMatchObject({ state: 'failed', handed: null, refusal: null })
    expect(made.diagnostics).toMatchObject([
      { code: 'compile/bad-log-ratelimit', severity: 'error' },
    ])
  })

  it('dies on log_ratelimit even when it is off', () => {
    const made = compileProbe({
      files: { 'cluster.fw': '[OPTIONS]\nenable: 0\nlog_ratelimit: x\n' },
    })
    expect(made.state).toBe('failed')
  })
})
