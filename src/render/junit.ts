import { escapeText } from './escape.ts'

/** One check with how it ended. */
export type Check = {
  readonly suite: string
  readonly name: string
  /** Null: passed. `skipped`: nobody can tell. */
  readonly failure: { readonly kind: 'failed' | 'skipped'; readonly message: string } | null
}

/** A report in the XML of JUnit, as CI servers read it: one suite for each name, checks in the order given. */
export function junitReport(checks: readonly Check[]): string {
  const suites = new Map<string, Check[]>()
  for (const check of checks) {
    const own = suites.get(check.suite)
    if (own === undefined) suites.set(check.suite, [check])
    else own.push(check)
  }
  const body = [...suites].map(([name, own]) => suiteXml(name, own)).join('')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${counts(checks)}>\n${body}</testsuites>\n`
}

function suiteXml(name: string, checks: readonly Check[]): string {
  const cases = checks.map((check) => {
    const head = `    <testcase classname=${quoted(name)} name=${quoted(check.name)}`
    if (check.failure === null) return `${head}/>\n`
    const { kind, message } = check.failure
    const [first = ''] = message.split('\n')
    const inner =
      kind === 'failed'
        ? `<failure message=${quoted(first)}>${xml(message)}</failure>`
        : `<skipped message=${quoted(first)}/>`
    return `${head}>${inner}</testcase>\n`
  })
  return `  <testsuite name=${quoted(name)}${counts(checks)}>\n${cases.join('')}  </testsuite>\n`
}

function counts(checks: readonly Check[]): string {
  const of = (kind: 'failed' | 'skipped'): number =>
    checks.filter(({ failure }) => failure?.kind === kind).length
  return ` tests="${checks.length}" failures="${of('failed')}" skipped="${of('skipped')}"`
}

function quoted(text: string): string {
  return `"${xml(text)}"`
}

/** Control characters have no place in XML: they are shown as elsewhere. */
function xml(text: string): string {
  return text
    .split('\n')
    .map(escapeText)
    .join('\n')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
