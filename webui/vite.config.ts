// SPDX-License-Identifier: Apache-2.0
import { defineConfig, loadEnv } from 'vite';

/** What most of the later pages are made of, in one file: each alone would be smaller than its request. */
const COMMON =
  /\/src\/(parts\/(asked|confirm|form|range|save|search|select|stale|tabs)\.|api\/config\.|state\/deed\.|derive\/(incident|problem|service-text|units)\.|style\/forms\.|text\/en\/parts\.)/;

const GATEWAY = 'https://127.0.0.1:8443';

export default defineConfig(({ mode }) => ({
  build: {
    target: 'es2022',
    // The content security policy has no 'unsafe-inline' and no data: for fonts: nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      // Of all texts a page brings its own: without effects, the index of them is no reason to have the others.
      treeshake: { moduleSideEffects: (id) => !/\/src\/text\//.test(id) },
      output: {
        manualChunks: (id) => (COMMON.test(id) ? 'common' : undefined),
        onlyExplicitManualChunks: true,
      },
    },
    // Two kilobytes less than esbuild's.
    minify: 'terser',
    terserOptions: {
      module: true,
      ecma: 2020,
      compress: { passes: 3, pure_getters: true, unsafe_arrows: true },
    },
  },
  server: {
    proxy: { '/api': { target: loadEnv(mode, '.', 'HF_').HF_URL ?? GATEWAY, secure: false } },
  },
}));
