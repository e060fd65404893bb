import { type Diagnostic, diagnostic, type Parsed } from '../source/diagnostic.ts'
import { decodeBytes, type SourceFile } from '../source/source-file.ts'

/** What is nested deeper is no SDN state: .running-config nests four deep, IPAM six. */
const MAX_DEPTH = 64

/** Parses a JSON file of the SDN. Null and a warning when it is not JSON or nests without reason. */
export function parseSdnJson(file: SourceFile): Parsed<unknown> {
  const tooDeep = depthExceeded(file.text)
  if (tooDeep !== -1)
    return { value: null, diagnostics: [refusal(file, tooDeep, 'it nests too deeply')] }
  const text = decodeBytes(file.text)
  try {
    return { value: JSON.parse(text), diagnostics: [] }
  } catch (error) {
    const at = /position (\d+)/.exec(String(error))?.[1]
    const start = Buffer.byteLength(at === undefined ? text : text.slice(0, Number(at)))
    return { value: null, diagnostics: [refusal(file, start, 'it is not JSON')] }
  }
}

function refusal(file: SourceFile, offset: number, what: string): Diagnostic {
  const start = Math.min(offset, file.text.length)
  const span = { file, start, end: Math.min(start + 1, file.text.length) }
  return diagnostic('warning', 'config/sdn-invalid-json', span, `\`${file.path}\`: ${what}`, {
    help: 'apply the SDN configuration again (pvesh set /cluster/sdn): without it no `+sdn/` set exists',
  })
}

/** Offset of the bracket that opens level {@link MAX_DEPTH} + 1; -1 when there is none. */
function depthExceeded(text: string): number {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const byte = text.charCodeAt(at)
    if (inString) {
      if (byte === 92) at += 1
      else if (byte === 34) inString = false
    } else if (byte === 34) {
      inString = true
    } else if (byte === 123 || byte === 91) {
      depth += 1
      if (depth > MAX_DEPTH) return at
    } else if (byte === 125 || byte === 93) {
      depth -= 1
    }
  }
  return -1
}
