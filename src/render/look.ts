/** What the receiver of the text can show. */
export type Look = {
  readonly colour: boolean
  /** The locale is UTF-8: arrows and other people's letters may be shown as they are. */
  readonly unicode: boolean
  /** Marks before a verdict's word. Off in pipes, where a line starts with the word itself. */
  readonly glyphs: boolean
  /** Columns to wrap at; null: lines are left as they are. */
  readonly width: number | null
}

export const plainLook: Look = { colour: false, unicode: true, glyphs: false, width: 80 }

export type Environment = Readonly<Record<string, string | undefined>>

/** What is known of the stream the text goes to. `columns` of 0 or undefined: not known. */
export type Receiver = { readonly isTTY: boolean; readonly columns: number | undefined }

/**
 * What the receiver can show, from the environment and the stream. Colour: FORCE_COLOR (0 and `false` switch off)
 * before NO_COLOR (no-color.org: any text) before CLICOLOR_FORCE and CLICOLOR (bixense.com/clicolors) before TERM=dumb
 * before whether it is a terminal. UTF-8: LC_ALL before LC_CTYPE before LANG (POSIX 8.2). Terminals get their
 * width, anything else 80 columns.
 */
export function lookOf(env: Environment, receiver: Receiver): Look {
  const columns = receiver.columns ?? 0
  return {
    colour: wantsColour(env, receiver.isTTY),
    unicode: isUtf8(env),
    glyphs: receiver.isTTY || wantsColour(env, receiver.isTTY),
    width: receiver.isTTY && columns > 0 ? columns : 80,
  }
}

function wantsColour(env: Environment, isTTY: boolean): boolean {
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  if (isSet(env['NO_COLOR'])) return false
  const always = env['CLICOLOR_FORCE']
  if (isSet(always) && always !== '0') return true
  if (env['CLICOLOR'] === '0' || env['TERM'] === 'dumb') return false
  return isTTY
}

function isUtf8(env: Environment): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(isSet) ?? ''
  return /utf-?8/i.test(locale)
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
