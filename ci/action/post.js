// The post step, which runs however the job went: saves what is new if it succeeded, and removes what is to go.
'use strict'

const { fail, run } = require('./common')

try {
  // Without these the main step failed before there was anything to save or to remove.
  if (process.env.STATE_larder && process.env['STATE_larder-state']) run(process.env.STATE_larder, ['ci', 'finish'])
} catch (error) {
  fail(error)
}
