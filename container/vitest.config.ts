import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    environment: 'node',
    include: ['{api,app,bridge,components,console,devtools,host,runtime}/**/*.test.ts'],
    passWithNoTests: true,
    // a machine that does other things too is slow, not wrong
    testTimeout: 60_000,
  },
})
