import type { DiagnosticCode } from '../../../source/codes.ts'
import type { Located } from '../../../source/source-file.ts'
import { unreachable } from '../../../source/unreachable.ts'
import { find, type Line, skip, skipBack, spanOf, type Token, textOf } from '../../fw-line.ts'
import { didYouMean } from '../../nearest.ts'
import { complain, prefixOf, printed, quoted } from './complaints.ts'
import {
  CONNTRACK_HELPERS,
  type FwOption,
  findOption,
  LOG_LEVELS,
  OPTIONS,
  type OptionValue,
  valueHelp,
} from './options.ts'
import { integer, lower, SPACE, split, upper } from './perl.ts'
import type { OpenFile } from './reading.ts'

/** Reads a line of [OPTIONS] (`parse_clusterfw_option` and its sisters). */
export function readOptionLine(line: Line, file: OpenFile): void {
  const { text } = file.source
  const colon = colonOf(line)
  const key = lower(text.slice(line.start, colon))
  const option = colon < line.end ? findOption(file.scope, key) : null
  if (option === null) {
    unknownOption(line, { start: line.start, end: colon }, file)
    return
  }
  const start = skip(text, colon + 1, line.end, SPACE)
  const token = { start, end: skipBack(text, start, line.end, SPACE) }
  const read = readValue(option.value, textOf(file.source, token), file)
  const keyAsWritten = text.slice(line.start, colon)
  const caseMatters = option.value.kind === 'word' && option.value.of === 'ratelimit'
  if (read.kind === 'refused' || (caseMatters && keyAsWritten !== key)) {
    const says = read.kind === 'refused' ? read.says : null
    badValue(line, token, option, says, file)
    return
  }
  const value =
    key === 'enable' && file.scope === 'cluster' ? enabledNow(read.value, file) : read.value
  noteSurprises(option, read.value, { start: line.start, end: colon }, file)
  file.options.set(key, { value, span: spanOf(file.source, token) })
}

type ReadValue =
  | { readonly kind: 'value'; readonly value: string }
  /** `says` null: the line as a whole cannot be parsed. */
  | { readonly kind: 'refused'; readonly says: string | null }

const UNPARSABLE: ReadValue = { kind: 'refused', says: null }

function readValue(accepted: OptionValue, text: string, file: OpenFile): ReadValue {
  switch (accepted.kind) {
    case 'switch':
      return accept(text, text === '0' || text === '1')
    case 'number':
      return accept(integer(text), /^[0-9]+$/.test(text))
    case 'level':
      return accept(lower(text), text === '' ? accepted.empty : LOG_LEVELS.includes(lower(text)))
    case 'policy':
      return accept(upper(text), accepted.words.includes(upper(text)))
    case 'queues':
      return accept(text, /^[0-9]+(?::[0-9]+)?$/.test(text))
    case 'word':
      return readWord(accepted.of, text, file)
    default:
      return unreachable(accepted)
  }
}

function accept(value: string, accepted: boolean): ReadValue {
  return accepted ? { kind: 'value', value } : UNPARSABLE
}

function readWord(
  of: Extract<OptionValue, { readonly kind: 'word' }>['of'],
  text: string,
  { reading }: OpenFile,
): ReadValue {
  if (text === '' || find(text, 0, text.length, SPACE) < text.length) return UNPARSABLE
  switch (of) {
    case 'ratelimit':
      return { kind: 'value', value: text }
    case 'helpers':
      return readHelpers(lower(text))
    case 'ethertypes': {
      const unknown = split(text, ',').find((name) => !reading.ethertypes.has(name))
      if (unknown === undefined) return { kind: 'value', value: text }
      return { kind: 'refused', says: `unknown ethernet protocol type: ${unknown}` }
    }
    default:
      return unreachable(of)
  }
}

function readHelpers(list: string): ReadValue {
  if (list.endsWith(',')) return { kind: 'refused', says: 'extraneous commas in list' }
  const unknown = split(list, ',').find((name) => !CONNTRACK_HELPERS.includes(name))
  if (unknown === undefined) return { kind: 'value', value: list }
  return { kind: 'refused', says: `unknown helper ${unknown} at PVE/Firewall.pm line 1167.` }
}

/** A value above 1 is a time: the firewall is on until a minute after it. */
function enabledNow(value: string, { reading }: OpenFile): string {
  return Number(value) > 1 && reading.now - Number(value) > 60 ? '0' : value
}

function colonOf({ file, start, end }: Line): number {
  for (let at = start; at < end; at += 1) {
    if (file.text.charCodeAt(at) === 0x3a) return at
  }
  return end
}

function unknownOption(line: Line, key: Token, file: OpenFile): void {
  const whole = textOf(file.source, line)
  const name = /^[^\t\n\v\f\r =]*/.exec(textOf(file.source, key))?.[0] ?? ''
  complain(
    file.complaints,
    'warning',
    'config/unknown-option',
    { file: file.source, start: line.start, end: line.start + name.length },
    () => ({
      message: `${quoted(name)} is not an option of ${file.label}`,
      help: unknownOptionHelp(name, whole, file),
    }),
    printed(`${prefixOf(line, file)}: can't parse option '${whole}'`),
  )
}

function unknownOptionHelp(name: string, line: string, file: OpenFile): string {
  const key = lower(name)
  if (findOption(file.scope, key) !== null)
    return `the colon follows the key at once: \`${key}: ${line.replace(/^[^:=]*[:=]?[\t ]*/, '')}\``
  const elsewhere = OPTIONS.filter((option) => option.key === key).map(({ scope }) => FILES[scope])
  if (elsewhere.length > 0) return `it is an option of ${elsewhere.join(' and of ')}`
  const known = OPTIONS.filter((option) => option.scope === file.scope).map((option) => option.key)
  return didYouMean(key, known, 'pve-firewall knows it in no file')
}

const FILES = {
  cluster: 'cluster.fw',
  host: 'host.fw',
  guest: 'the file of a guest',
  vnet: 'the file of a vnet',
}

function badValue(
  line: Line,
  token: Token,
  option: FwOption,
  says: string | null,
  file: OpenFile,
): void {
  const value = textOf(file.source, token)
  const span = token.start === token.end ? spanOf(file.source, line) : spanOf(file.source, token)
  complain(
    file.complaints,
    'warning',
    'config/bad-option-value',
    span,
    () => ({
      message:
        says === null
          ? `\`${option.key}\` cannot be ${quoted(value)}`
          : `\`${option.key}\` is refused: ${quoted(says.replace(/ at PVE.*/, '')).slice(1, -1)}`,
      help: valueAdvice(value, option.value),
    }),
    printed(
      `${prefixOf(line, file)}: ${says ?? `can't parse option '${textOf(file.source, line)}'`}`,
    ),
  )
}

function valueAdvice(value: string, accepted: OptionValue): string {
  const words = `the value is ${valueHelp(accepted)}`
  if (value.includes('#')) return `no comment may follow an option; ${words}`
  if (accepted.kind === 'switch' && /^(?:yes|on|true)$/i.test(value)) return `${words}: write \`1\``
  if (accepted.kind === 'switch' && /^(?:no|off|false)$/i.test(value))
    return `${words}: write \`0\``
  return words
}

/** Lines that are accepted but do not do what they seem to. */
function noteSurprises(option: FwOption, value: string, key: Token, file: OpenFile): void {
  const span = spanOf(file.source, key)
  const say = (severity: 'warning' | 'note', code: DiagnosticCode, message: string, help: string) =>
    complain(file.complaints, severity, code, span, () => ({ message, help }))
  const earlier = file.options.get(option.key)
  if (earlier !== undefined) repeated(option, earlier, key, file)
  if (option.ignored !== null && option.scope !== 'vnet')
    say(
      'note',
      'config/ignored-option',
      `\`${option.key}\` has no effect: ${option.ignored}`,
      'the line can go',
    )
  if (option.key === 'nf_conntrack_max' && Number(value) < 262_144)
    say(
      'note',
      'config/ignored-option',
      `\`nf_conntrack_max: ${value}\` has no effect: only values above 262144 have`,
      'raise it, or remove the line',
    )
  if (option.key === 'nosmurfs')
    say(
      'note',
      'config/inverted-option',
      `\`nosmurfs: ${value}\` switches the filter against smurfs ${value === '0' ? 'off' : 'on'}`,
      'without the line it is on',
    )
  if (option.scope === 'cluster' && option.key === 'enable' && Number(value) > 1)
    say(
      'warning',
      'config/enable-timestamp',
      `\`enable: ${value}\` is a time: the firewall is ${enabledNow(value, file) === '0' ? 'off, it has passed' : 'on until then'}`,
      'write `enable: 1`',
    )
}

function repeated(option: FwOption, earlier: Located<string>, key: Token, file: OpenFile): void {
  complain(file.complaints, 'warning', 'config/option-repeated', earlier.span, () => ({
    message: `this \`${option.key}\` has no effect: a later line sets it again`,
    help: 'keep one of the lines',
    related: [{ span: spanOf(file.source, key), message: 'this one counts' }],
  }))
}
