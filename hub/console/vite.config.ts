import { defineConfig } from 'vite'

// Everything is relative, so that the page works behind a proxy that serves it under a path; nothing is inlined, because the
// hub's policy lets nothing inline run. `npm run dev` asks the hub that WATCHFIRE_HUB
// names, or one on this machine.
export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 2000 },
  worker: { format: 'es' },
  server: { proxy: Object.fromEntries(['/api', '/events', '/cap', '/bulletin', '/sms', '/relief', '/feed.atom'].map((path) => [path, process.env.WATCHFIRE_HUB ?? 'http://127.0.0.1:8080'])) },
})
