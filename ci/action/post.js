// The post step, which runs only if the job succeeded: saves what is new.
'use strict'

const { fail, run } = require('./common')

try {
  run(process.env.STATE_larder, ['ci', 'finish'])
} catch (error) {
  fail(error)
}
