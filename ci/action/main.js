// The main step: puts larder on PATH and runs `larder ci setup`, which reads the inputs itself.
'use strict'

const fs = require('fs')
const path = require('path')
const { assignment, fail, input, run } = require('./common')
const { find } = require('./install')

async function main() {
  const larder = await find({
    path: input('larder-path'),
    version: input('larder-version'),
    url: input('larder-url'),
    sha256: input('larder-sha256')
  })
  const directory = path.dirname(larder)
  // A line break would put another directory on PATH.
  if (/[\r\n]/.test(directory)) throw new Error(`larder-path: ${JSON.stringify(directory)} is not one line`)
  fs.appendFileSync(process.env.GITHUB_STATE, assignment('larder', larder))
  fs.appendFileSync(process.env.GITHUB_PATH, `${directory}\n`)
  run(larder, ['ci', 'setup'])
}

main().catch(fail)
