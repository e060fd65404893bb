import { escapeText } from './escape.ts'
import { CELL_WORDS, type MatrixCell, type MatrixView, whoWords } from './matrix-view.ts'

/**
 * The matrix as one page that needs nothing else: a table for each service, cells with words and not by colour alone,
 * light and dark, fit for print.
 */
export function matrixHtml(view: MatrixView): string {
  const title = `${view.node}: who reaches whom`
  const tables = view.services.map((service, s) => tableHtml(view, service, s)).join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${html(title)}</h1>
<p>${html(`${view.backend}, IPv${view.family}: the first packet of a connection. Senders stand at the left.`)}</p>
<p class="legend"><span class="yes">yes</span> every packet <span class="part">part</span> for some senders <span class="no">no</span> none <span class="no-way">-</span> no way</p>
${tables}
</body>
</html>
`
}

function tableHtml({ from, to, cells }: MatrixView, service: string, s: number): string {
  const head = to.map((name) => `<th scope="col">${html(name)}</th>`).join('')
  const rows = from.map((name, i) => {
    const row = to.map((_, j) => cellHtml(cells[s]?.[i]?.[j] ?? { kind: 'no-way' }))
    return `<tr><th scope="row">${html(name)}</th>${row.join('')}</tr>`
  })
  const parts = from.flatMap((sender, i) =>
    to.flatMap((receiver, j) => {
      const cell = cells[s]?.[i]?.[j]
      if (cell?.kind !== 'part') return []
      return [`<li>${html(`${sender} → ${receiver}: ${whoWords(cell)}`)}</li>`]
    }),
  )
  const list = parts.length === 0 ? '' : `\n<ul>${parts.join('')}</ul>`
  return `<section>
<div class="scroll" tabindex="0" role="region" aria-label="${html(service)}"><table>
<caption>${html(service)}</caption>
<thead><tr><td></td>${head}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>${list}
</section>`
}

function cellHtml(cell: MatrixCell): string {
  const who = whoWords(cell)
  const title = who === '' ? '' : ` title="${html(who)}"`
  return `<td class="${cell.kind}"${title}>${CELL_WORDS[cell.kind]}</td>`
}

/** Names come out of configurations: nothing of them is markup. */
function html(text: string): string {
  return escapeText(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

// pairs of colours have a contrast of 7 at least
const STYLE = `
:root{color-scheme:light dark;--text:#1a1a1a;--back:#fff;--line:#8a8a8a;--yes:#0b4a1f;--yesb:#d3f0da;--no:#6b0f0f;--nob:#fbdcdc;--part:#5a3d00;--partb:#ffedc2;--none:#4a4a4a}
@media (prefers-color-scheme:dark){:root{--text:#eee;--back:#161616;--line:#777;--yes:#c9f2d3;--yesb:#10371c;--no:#ffd6d6;--nob:#481515;--part:#ffe6ae;--partb:#443208;--none:#bbb}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--back);margin:1.5rem;max-width:100%}
h1{font-size:1.4rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin:1rem 0 .5rem}
caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{border:1px solid var(--line);padding:.2rem .55rem;text-align:center;font-weight:400;white-space:nowrap}
th[scope=row]{text-align:left}
thead th{font-weight:600}
.yes{color:var(--yes);background:var(--yesb)}
.no{color:var(--no);background:var(--nob)}
.part{color:var(--part);background:var(--partb)}
.no-way{color:var(--none)}
.legend span{padding:.1rem .5rem;border:1px solid var(--line);margin:0 .2rem 0 .8rem}
@media print{body{margin:0}.scroll{overflow:visible}section{break-inside:avoid}}
`
