// The main step: puts larder on PATH and runs `larder ci setup`, which reads the inputs itself.
'use strict'

const fs = require('fs')
const path = require('path')
const { fail, input, run } = require('./common')
const { find } = require('./install')

async function main() {
  const larder = await find({
    path: input('larder-path'),
    version: input('larder-version'),
    url: input('larder-url'),
    sha256: input('larder-sha256')
  })
  fs.appendFileSync(process.env.GITHUB_STATE, `larder=${larder}\n`)
  fs.appendFileSync(process.env.GITHUB_PATH, `${path.dirname(larder)}\n`)
  run(larder, ['ci', 'setup'])
}

main().catch(fail)
