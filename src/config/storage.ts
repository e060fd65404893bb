import type { Located, SourceFile } from '../source/source-file.ts'
import { eachLine } from './words.ts'

/** One storage of /etc/pve/storage.cfg, as far as its servers go. */
export type Storage = {
  /** `nfs`, `cifs`, `pbs`, `iscsi` ... */
  readonly type: string
  readonly id: Located<string>
  readonly properties: ReadonlyMap<string, Located<string>>
  /** Nodes it is for; null: all. */
  readonly nodes: readonly string[] | null
  readonly disabled: boolean
}

/**
 * Reads storage.cfg as PVE::SectionConfig does: a line `type: id` begins a section, lines with a blank in front belong
 * to it. Lines of neither kind are passed over, as pve-storage does with a warning.
 */
export function parseStorages(file: SourceFile): readonly Storage[] {
  const storages: {
    type: string
    id: Located<string>
    properties: Map<string, Located<string>>
  }[] = []
  eachLine(file.text, (start, end) => {
    const text = file.text.slice(start, end)
    const head = /^([a-z][a-z0-9_-]*):\s*(\S+)\s*$/i.exec(text)
    if (head !== null) {
      const at = start + text.lastIndexOf(head[2] as string)
      const id = located(file, at, at + (head[2] as string).length)
      storages.push({ type: (head[1] as string).toLowerCase(), id, properties: new Map() })
      return
    }
    const property = /^\s+([a-z][\w-]*)(?:\s+(.*?))?\s*$/i.exec(text)
    if (property === null) return
    const value = property[2] ?? ''
    const at = value === '' ? end : start + text.lastIndexOf(value)
    storages.at(-1)?.properties.set(property[1] as string, located(file, at, at + value.length))
  })
  return storages.map(({ type, id, properties }) => {
    const nodes = properties.get('nodes')?.value
    return {
      ...{ type, id, properties },
      nodes: nodes === undefined ? null : nodes.split(/[,;\s]+/).filter((node) => node !== ''),
      disabled: properties.has('disable') && properties.get('disable')?.value !== '0',
    }
  })
}

function located(file: SourceFile, start: number, end: number): Located<string> {
  return { value: file.text.slice(start, end), span: { file, start, end } }
}
