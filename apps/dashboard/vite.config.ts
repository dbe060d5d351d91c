import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as contract from '@halyard/contract';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

export default defineConfig({
  plugins: [react(), endpoints(), compressed()],
  build: { target: 'es2022', chunkSizeWarningLimit: 700, sourcemap: false, reportCompressedSize: false },
  // `npm run dev` here, with the platform running beside it.
  server: { proxy: { '/api': process.env.HALYARD_URL ?? 'http://127.0.0.1:8000' } },
});

/**
 * `virtual:endpoints`: method and path of each endpoint of the contract, by its export's name, for those that the
 * sources name. `virtual:integrations`: the same of every integration that the contract has. The contract itself stays
 * out of the bundle, and with it the validation library; the client takes its types from there.
 */
function endpoints(): Plugin {
  const sources = readdirSync(join(import.meta.dirname, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => readFileSync(join(import.meta.dirname, 'src', file), 'utf8'))
    .join();
  const table = Object.entries(contract).flatMap(([key, value]) =>
    isEndpoint(value) && sources.includes(`'${key}'`) ? [[key, line(value)]] : [],
  );
  const integrations = contract.integrationEndpoints.map(({ place, vendor, endpoints: of }) => [
    `${place} ${vendor}`,
    { create: line(of.create), patch: line(of.patch), remove: line(of.remove), deliveries: line(of.deliveries) },
  ]);
  const modules: Record<string, string> = {
    'virtual:endpoints': `export const endpoints = ${JSON.stringify(Object.fromEntries(table))}`,
    'virtual:integrations': `export const integrationEndpoints = ${JSON.stringify(Object.fromEntries(integrations))}`,
  };
  return {
    name: 'halyard:endpoints',
    resolveId: (id) => (id in modules ? `\0${id}` : null),
    load: (id) => modules[id.slice(1)] ?? null,
  };
}

function line({ method, path }: { method: string; path: string }): string {
  return `${method} ${path}`;
}

function isEndpoint(value: unknown): value is { method: string; path: string } {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'summary' in value;
}

/** Writes `<file>.gz` beside each file that gains by it, for the server to send as it is. */
function compressed(): Plugin {
  return {
    name: 'halyard:compressed',
    // After everything else: earlier, the code is not yet what is written.
    writeBundle({ dir }, bundle) {
      for (const { fileName } of Object.values(bundle)) {
        const file = join(dir as string, fileName);
        const content = readFileSync(file);
        if (!/\.(js|css|svg)$/.test(fileName) || content.length < 1024) continue;
        writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}
