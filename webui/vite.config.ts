// SPDX-License-Identifier: Apache-2.0
import { defineConfig, loadEnv } from 'vite';

const GATEWAY = 'https://127.0.0.1:8443';

export default defineConfig(({ mode }) => ({
  build: {
    target: 'es2022',
    // The content security policy has no 'unsafe-inline' and no data: for fonts: nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
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
