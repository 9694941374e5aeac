// Where larder is: named, on PATH, or fetched from a release and checked by its SHA-256 before it runs.
//
// The SHA-256 is never taken from where the program comes from: who can change one can change the other. It is in
// checksums.json, which the action's own revision fixes, or in the workflow (larder-sha256).
'use strict'

const crypto = require('crypto')
const fs = require('fs')
const os = require('os')
const path = require('path')

const pinned = require('./checksums.json')

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

// Releases have one program per target.
async function fetched({ version, url, sha256 }) {
  const target = TARGETS[`${process.platform} ${process.arch}`]
  if (!target) throw new Error(`there is no larder for ${process.platform} ${process.arch}: give larder-path`)
  const asset = `larder-${target}${exe}`
  const release = releaseOf(version)
  const expected = sha256 ? given(sha256) : pin(release, asset)
  const from = `${url.replace(/\/+$/, '')}/download/v${release}/${asset}`
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

// The release that is meant. `latest` at the server would be another program each time, which nothing could check.
function releaseOf(version) {
  if (version && version !== 'latest') {
    const release = version.replace(/^v/, '')
    // It becomes a part of a URL.
    if (!/^[0-9A-Za-z.+-]+$/.test(release)) throw new Error(`larder-version: ${version} is not a release`)
    return release
  }
  if (pinned.newest) return pinned.newest
  throw new Error(
    'this version of the action knows no release of larder: give larder-version with larder-sha256, larder-path, ' +
      'or put larder on PATH'
  )
}

// What the workflow says.
function given(sha256) {
  const digest = sha256.replace(/^sha256:/i, '').toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new Error(`larder-sha256: ${sha256} is not a SHA-256`)
  return digest
}

// What the action's own revision says.
function pin(release, asset) {
  const digest = (pinned.releases[release] || {})[asset]
  if (digest) return digest
  const known = Object.keys(pinned.releases).join(', ') || 'none'
  throw new Error(
    `larder-version: this version of the action does not know the SHA-256 of ${asset} in release ${release} ` +
      `(known releases: ${known}). A checksum from where the program is proves nothing, so give it yourself as ` +
      'larder-sha256 (`sha256:` and 64 digits), or use a newer version of the action'
  )
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
