import type { Edit, EditTarget } from './edit.ts'

/** What is asked for, and what to know of it; not yet by whom. */
export type Wish = Pick<Edit, 'target' | 'change' | 'note'>

/** A path of the API: the file it is about, and what follows `firewall` in it. */
export type ApiPath = { readonly target: EditTarget; readonly rest: readonly string[] }

export type Verb = 'create' | 'set' | 'delete'
