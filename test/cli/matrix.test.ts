import { describe, expect, it } from 'vitest'
import { matrixHtml } from '../../src/render/matrix-html.ts'
import { runCli } from '../support/run-cli.ts'

const office = ['matrix', '--root', 'examples/small-office']

it('is a table for each service, with who gets through where only some do', async () => {
  const { stdout, code } = await runCli([...office, '--services', 'SSH', '--to', 'host,105'])
  expect(code).toBe(0)
  expect(stdout).toBe(
    [
      'office, iptables, IPv4: first packets',
      '',
      'SSH (22/tcp)  host  vm105',
      'outside       part  part',
      'host          -     yes',
      'vm105         yes   -',
      'vm110         yes   yes',
      'ct200         no    no',
      '  outside → host  from 10.8.0.0/24, 192.168.1.0-192.168.1.254',
      '  outside → vm105  from 10.8.0.0/24, 192.168.1.0-192.168.1.254',
      '',
    ].join('\n'),
  )
})

it('is rows of CSV, and JSON', async () => {
  const some = [...office, '--services', 'tcp/443', '--from', 'outside', '--to', 'vm105,ct200']
  const csv = await runCli([...some, '--format', 'csv'])
  expect(csv.stdout).toBe(
    'from,to,service,reach,who\r\noutside,vm105,443/tcp,part,from not 192.168.1.255\r\noutside,ct200,443/tcp,no,\r\n',
  )
  const json = await runCli([...some, '--json'])
  expect(JSON.parse(json.stdout).cells).toEqual([
    {
      from: 'outside',
      to: 'vm105',
      service: '443/tcp',
      reach: 'part',
      who: ['from not 192.168.1.255'],
    },
    { from: 'outside', to: 'ct200', service: '443/tcp', reach: 'no', who: null },
  ])
})

describe('the page', () => {
  it('has a cell for each pair, in words, and nothing from elsewhere', async () => {
    const { stdout } = await runCli([...office, '--services', 'SSH', '--format', 'html'])
    expect(stdout.match(/<td class="(?:yes|no|part|no-way)"/g)).toHaveLength(25)
    expect(stdout).toContain('<caption>SSH (22/tcp)</caption>')
    expect(stdout).not.toMatch(/src=|href=|<script|url\(/)
  })

  it('shows names as text whatever is in them', () => {
    const view = {
      ...({ node: '<b>', backend: 'iptables', family: 4, services: ['"x"&'] } as const),
      ...{ from: ['a\u001b[2J'], to: ['<script>'] },
      cells: [[[{ kind: 'part', who: ['<i>'], more: false } as const]]],
    }
    const page = matrixHtml(view)
    expect(page).not.toMatch(/<b>|<i>|<script>/)
    expect(page).not.toContain('\u001b')
    expect(page).toContain('&lt;script&gt;')
  })
})

it.each([
  [['--services', 'Nonsense'], 'there is no macro Nonsense for IPv4'],
  [['--services', 'tcp/70000'], 'tcp/70000 is no service'],
  [['--to', 'nobody'], 'nobody is no end of a way through office'],
])('%j is refused', async (options, message) => {
  const { code, stderr } = await runCli([...office, ...options])
  expect(code).toBe(2)
  expect(stderr).toContain(message)
})
