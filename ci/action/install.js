// Where larder is: named, on PATH, or fetched from a release and checked by its SHA-256 before it runs.
'use strict'

const crypto = require('crypto')
const fs = require('fs')
const os = require('os')
const path = require('path')

const exe = process.platform === 'win32' ? '.exe' : ''
const TARGETS = {
  'linux x64': 'x86_64-unknown-linux-gnu',
  'linux arm64': 'aarch64-unknown-linux-gnu',
  'darwin x64': 'x86_64-apple-darwin',
  'darwin arm64': 'aarch64-apple-darwin',
  'win32 x64': 'x86_64-pc-windows-msvc'
}

async function find(wanted) {
  if (wanted.path) return existing(path.resolve(wanted.path))
  if (!wanted.version) {
    const found = onPath()
    if (found) return found
  }
  return fetched(wanted)
}

function existing(file) {
  const found = [file, file + exe].find(name => fs.existsSync(name))
  if (!found) throw new Error(`larder-path: there is no ${file}`)
  return found
}

function onPath() {
  const directories = (process.env.PATH || '').split(path.delimiter).filter(Boolean)
  return directories.map(directory => path.join(directory, `larder${exe}`)).find(file => fs.existsSync(file))
}

// Releases have one program per target and beside it NAME.sha256, as sha256sum writes it.
async function fetched({ version, url, sha256 }) {
  const target = TARGETS[`${process.platform} ${process.arch}`]
  if (!target) throw new Error(`there is no larder for ${process.platform} ${process.arch}: give larder-path`)
  const release = !version || version === 'latest' ? 'latest/download' : `download/v${version.replace(/^v/, '')}`
  const from = `${url.replace(/\/+$/, '')}/${release}/larder-${target}${exe}`
  const expected = (sha256 || (await text(`${from}.sha256`)).split(/\s/)[0]).toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(expected)) throw new Error(`${from}.sha256: no SHA-256 in it`)
  const tools = process.env.RUNNER_TOOL_CACHE || process.env.RUNNER_TEMP || os.tmpdir()
  const file = path.join(tools, 'larder', expected, `larder${exe}`)
  if (fs.existsSync(file) && digest(fs.readFileSync(file)) === expected) return file
  const bytes = Buffer.from(await (await get(from)).arrayBuffer())
  const found = digest(bytes)
  if (found !== expected) throw new Error(`${from}: its SHA-256 is ${found}, expected ${expected}`)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}`
  fs.writeFileSync(temporary, bytes, { mode: 0o755 })
  fs.renameSync(temporary, file)
  return file
}

async function text(url) {
  return (await get(url)).text()
}

async function get(url) {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: the server says ${answer.status}`)
  return answer
}

function digest(bytes) {
  return crypto.createHash('sha256').update(bytes).digest('hex')
}

module.exports = { find }
