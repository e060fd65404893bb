import { execFileSync } from 'node:child_process'

/** What iptables-legacy-restore said to one rule, and what iptables-legacy-save then shows of it. */
export type RealAnswer = {
  /** Its words without its name; `line N failed` where the kernel refused; null: taken. */
  readonly refusal: string | null
  /** Rules the kernel holds, without `-A T`. */
  readonly saved: readonly string[]
}

/** True where iptables 1.8.9 (legacy) and ipset can be asked in a network name space of their own. */
export function haveRealTools(): boolean {
  try {
    const version = execFileSync(
      'unshare',
      ['-n', 'sh', '-c', 'ipset list && iptables-legacy -V'],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    return version.includes('v1.8.9 (legacy)')
  } catch {
    return false
  }
}

/**
 * Hands each rule alone to the real tool, as chain T of an otherwise empty table. `setup` are shell commands run
 * before the first.
 */
export function askRestore(
  version: 4 | 6,
  table: 'filter' | 'raw',
  rules: readonly string[],
  setup = '',
): readonly RealAnswer[] {
  const tool = version === 4 ? 'iptables' : 'ip6tables'
  const script = [
    setup,
    ...rules.map((rule) => {
      const text = `*${table}\n:T - [0:0]\n-A T ${rule}\nCOMMIT\n`
      return [
        `printf '%s' ${shellQuote(text)} | ${tool}-legacy-restore -n 2>&1`,
        `echo ==saved`,
        `${tool}-legacy-save -t ${table} | grep -- '^-A T'`,
        `echo ==end`,
        `${tool}-legacy -t ${table} -F; ${tool}-legacy -t ${table} -X`,
      ].join('\n')
    }),
    'exit 0',
  ].join('\n')
  const output = execFileSync('unshare', ['-n', 'bash'], {
    input: script,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
    maxBuffer: 64 << 20,
  })
  return output
    .split('==end\n')
    .slice(0, rules.length)
    .map((part) => {
      const [said = '', saved = ''] = part.split('==saved\n')
      return { refusal: refusalOf(said), saved: lines(saved).map((line) => line.slice(5).trim()) }
    })
}

function refusalOf(said: string): string | null {
  const words = lines(said).find((line) =>
    /^(?:ip6?tables-restore(?: v\S+ \(legacy\))?: |Bad argument)/.test(line),
  )
  return words?.replace(/^ip6?tables-restore(?: v\S+ \(legacy\))?: /, '') ?? null
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** What `ipset restore` says to each text, without its name and line number; null: taken. */
export function askIpset(texts: readonly string[]): readonly (string | null)[] {
  const script = texts
    .map(
      (text) =>
        `printf '%s' ${shellQuote(`${text}\n`)} | ipset restore 2>&1; echo ==end; ipset flush; ipset destroy`,
    )
    .concat('exit 0')
    .join('\n')
  const output = execFileSync('unshare', ['-n', 'bash'], {
    input: script,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  return output
    .split('==end\n')
    .slice(0, texts.length)
    .map((said) => {
      const [first] = lines(said)
      return first?.replace(/^ipset v\S+: (?:Error in line \d+: )?/, '') ?? null
    })
}
