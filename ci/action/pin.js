// node pin.js VERSION DIRECTORY: writes the SHA-256 of a release's programs, which are in DIRECTORY, into
// checksums.json. The release workflow runs it before it tags the commit, so that the action of a tag knows its release.
'use strict'

const crypto = require('crypto')
const fs = require('fs')
const path = require('path')

const [version, directory] = process.argv.slice(2)
const file = path.join(__dirname, 'checksums.json')
const pinned = JSON.parse(fs.readFileSync(file, 'utf8'))
const programs = fs.readdirSync(directory).filter(name => name.startsWith('larder-')).sort()
if (!/^[0-9]+\.[0-9]+\.[0-9]+/.test(version || '') || programs.length === 0) {
  throw new Error('usage: pin.js VERSION DIRECTORY, with the programs larder-TARGET in DIRECTORY')
}
// A release never changes: who pins another digest for one that is known has built it anew.
if (pinned.releases[version]) throw new Error(`release ${version} is pinned already`)
const digest = name => crypto.createHash('sha256').update(fs.readFileSync(path.join(directory, name))).digest('hex')
pinned.releases[version] = Object.fromEntries(programs.map(name => [name, digest(name)]))
pinned.newest = version
fs.writeFileSync(file, `${JSON.stringify(pinned, null, 2)}\n`)
