#!/usr/bin/env node
// Opens a SARIF report of the web shop in a browser, in Microsoft's SARIF viewer, and reads what a person would see.
//
//   tests/sarif/view.mjs [KEYAKI]        default: target/debug/keyaki
//
// Needs npm and Chromium (CHROMIUM, default /usr/bin/chromium). What it installs and the screenshots go below target/sarif/.
import {spawnSync} from 'node:child_process'
import {copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {dirname, join, resolve} from 'node:path'
import {fileURLToPath} from 'node:url'
import {createServer} from 'node:http'
import assert from 'node:assert'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../..')
const work = join(root, 'target/sarif')
const npm = join(work, 'npm')
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'
if (!existsSync(chromium)) {
  console.log('skipped: no Chromium')
  process.exit(0)
}
mkdirSync(npm, {recursive: true})
for (const name of ['package.json', 'package-lock.json', 'page.jsx']) copyFileSync(join(here, name), join(npm, name))
if (!existsSync(join(npm, 'node_modules/playwright-core'))) {
  run('npm', ['ci', '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund'], npm, [0])
}
const require = createRequire(join(npm, 'package.json'))
const {chromium: browserType} = require('playwright-core')

function run(program, args, cwd, statuses) {
  const done = spawnSync(program, args, {cwd, encoding: 'utf8'})
  assert(statuses.includes(done.status), `${program}: status ${done.status}: ${done.stderr}`)
}

const keyaki = resolve(process.argv[2] ?? join(root, 'target/debug/keyaki'))
const report = join(work, 'shown.sarif')
const shop = ['check', 'fixtures/webshop/plan.json', '--standards', 'fixtures/webshop/keyaki.yaml', '--source', 'fixtures/webshop']
run(keyaki, [...shop, '--no-progress', '--output', `sarif=${report}`], root, [1])
run(join(npm, 'node_modules/.bin/esbuild'), ['page.jsx', '--bundle', '--outfile=page.js', '--define:process.env.NODE_ENV="production"', '--log-level=error'], npm, [0])
const log = JSON.parse(readFileSync(report, 'utf8'))

const text = JSON.stringify(log).replaceAll('<', '\\u003c')
const page = `<!doctype html><meta charset="utf-8"><title>keyaki</title><body><div id="viewer" style="height:100vh"></div>
<script>window.log = ${text}</script><script src="/page.js"></script>`
const server = createServer((request, response) => {
  const script = request.url === '/page.js'
  const known = script || request.url === '/'
  response.writeHead(known ? 200 : 404, {'content-type': script ? 'text/javascript' : 'text/html; charset=utf-8'})
  response.end(script ? readFileSync(join(npm, 'page.js')) : known ? page : '')
})
await new Promise(done => server.listen(0, '127.0.0.1', done))

const browser = await browserType.launch({
  executablePath: chromium,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
try {
  const tab = await browser.newPage({viewport: {width: 1400, height: 1000}})
  const problems = []
  tab.on('pageerror', error => problems.push(String(error)))
  await tab.goto(`http://127.0.0.1:${server.address().port}/`)
  await tab.waitForSelector('text=no-public')
  const shown = () => tab.evaluate(() => document.body.innerText)
  const run = log.runs[0]
  // Groups of rules, folded; the viewer shows the rule by its id and its name.
  let text = await shown()
  const rules = new Set(run.results.map(result => result.ruleId))
  for (const rule of rules) assert(text.includes(rule), `the viewer does not show the rule ${rule}:\n${text}`)

  // Open all groups, then read: what each alert says, where it is, what it is about.
  for (let rounds = 0; rounds < 20; rounds++) {
    const closed = tab.locator('tr[aria-expanded="false"]')
    if (await closed.count() === 0) break
    await closed.first().click()
    await tab.waitForTimeout(50)
  }
  text = await shown()
  const squeezed = words => words.replace(/\s+/g, ' ')
  const plain = squeezed(text)
  let seen = 0
  for (const result of run.results) {
    // This viewer leaves the escapes in a message without links as they are.
    const escaped = squeezed(result.message.text.split(' – ')[0])
    const sentence = escaped.replace(/\\(.)/g, '$1').replaceAll('{{', '{').replaceAll('}}', '}')
    if (plain.includes(sentence) || plain.includes(escaped)) seen++
    else console.log(`not shown: ${sentence}`)
  }
  assert.equal(seen, run.results.length, `the viewer shows ${seen} of ${run.results.length} messages:\n${text}`)
  const files = new Set(run.results.map(result => result.locations[0].physicalLocation.artifactLocation.uri.split('/').pop()))
  for (const file of files) assert(text.includes(file), `the viewer does not show ${file}`)
  assert(files.has('storage.tf'), 'alerts are in the code, not in the plan')
  await tab.evaluate(() => document.querySelectorAll('*').forEach(part => part.scrollTop = 0))
  await tab.screenshot({path: join(work, 'viewer.png')})
  assert.deepEqual(problems, [])
  console.log(`ok: the viewer shows ${rules.size} rules and ${seen} results in ${[...files].join(', ')}; target/sarif/viewer.png`)
} finally {
  await browser.close()
  server.close()
}
