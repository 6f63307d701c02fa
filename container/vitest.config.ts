import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    environment: 'node',
    include: ['{api,bridge,components,console,devtools,host,runtime}/**/*.test.ts'],
    passWithNoTests: true,
  },
})
