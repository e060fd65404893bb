import type { StyledLine } from '../../render/styled.ts'
import type { PaneName } from '../state.ts'

/** What a pane shows: as many lines as it was given rows for, or fewer; they are cut at its width. */
export type PaneView = {
  readonly name: PaneName
  /** In a few words, after the name. */
  readonly title: string
  readonly lines: readonly StyledLine[]
}

/** Columns and rows of a pane without its title. */
export type Room = { readonly width: number; readonly height: number }
