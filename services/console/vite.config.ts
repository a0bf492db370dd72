import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `npm run build` builds it into dist/; `npx vite services/console` serves it beside a gateway on port 8080. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../../dist/services/console',
    emptyOutDir: false,
    target: 'es2023',
    // browsers that know light-dark() themselves: what stands in for it elsewhere knows nothing of the choice of the reader
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    chunkSizeWarningLimit: 1_200,
    assetsInlineLimit: 0,
  },
  server: { proxy: Object.fromEntries(['/api', '/ready'].map((path) => [path, 'http://127.0.0.1:8080'])) },
});
