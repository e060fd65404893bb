import { lineNote, lineNumber, type Span } from '../source/source-file.ts'

/** Gives a file the shortest name that no other known file has: `105.fw`, `host.fw`, `pve2/host.fw`. */
export type FileNames = (path: string) => string

/** Names of a set of paths (relative to the root, with `/`). A path that is not among them keeps its full name. Linear. */
export function shortNames(paths: Iterable<string>): FileNames {
  const sharing = new Map<string, Set<string>>()
  for (const path of new Set(paths)) {
    const base = path.slice(path.lastIndexOf('/') + 1)
    const group = sharing.get(base)
    if (group === undefined) sharing.set(base, new Set([path]))
    else group.add(path)
  }
  return (path) => {
    const base = path.slice(path.lastIndexOf('/') + 1)
    const group = sharing.get(base)
    if (group === undefined || !group.has(path)) return path
    return group.size === 1 ? base : shortestSuffix(path, group)
  }
}

/** `105.fw:7`: where a span starts, for people. In an edited file with where the line comes from: `105.fw:7 (added by --add)`. */
export function showPlace(span: Span, names: FileNames): string {
  const note = lineNote(span)
  return `${bare(span, names)}${note === null ? '' : ` (${note})`}`
}

/** The same in brackets behind something, with a blank before: ` (105.fw:7, added by --add)`. */
export function showPlaceBehind(span: Span, names: FileNames): string {
  const note = lineNote(span)
  return ` (${bare(span, names)}${note === null ? '' : `, ${note}`})`
}

function bare(span: Span, names: FileNames): string {
  return `${names(span.file.path)}:${lineNumber(span.file, span.start)}`
}

function shortestSuffix(path: string, group: ReadonlySet<string>): string {
  const folders = path.split('/')
  for (let depth = 2; depth < folders.length; depth += 1) {
    const suffix = `/${folders.slice(-depth).join('/')}`
    const others = [...group].filter((other) => other !== path && `/${other}`.endsWith(suffix))
    if (others.length === 0) return suffix.slice(1)
  }
  return path
}
