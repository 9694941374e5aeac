// What both steps need of the runner.
'use strict'

const crypto = require('crypto')
const { spawnSync } = require('child_process')

// An input, without white space around it; empty if it was not given.
function input(name) {
  return (process.env[`INPUT_${name.toUpperCase()}`] || '').trim()
}

// Runs larder with what the runner gave us; its output is ours, and so is its failure.
function run(larder, args) {
  const level = { debug: ['-vv'], info: ['-v'], quiet: ['-q'] }[input('log-level')] || []
  const verbose = process.env.RUNNER_DEBUG === '1' ? ['-vv'] : level
  const result = spawnSync(larder, [...args, '--service', 'github', ...verbose], { stdio: 'inherit' })
  if (result.error) throw result.error
  process.exitCode = result.status === null ? 1 : result.status
}

// A line, or several, of a file that the runner reads.
function assignment(name, value) {
  if (!/[\r\n]/.test(value)) return `${name}=${value}\n`
  const end = `LARDER_END_${crypto.randomUUID()}`
  return `${name}<<${end}\n${value}\n${end}\n`
}

// Fails the step with a text that the runner shows at its top.
function fail(error) {
  const text = String(error.message || error).replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
  process.stdout.write(`::error title=larder::${text}\n`)
  process.exitCode = 1
}

module.exports = { assignment, fail, input, run }
