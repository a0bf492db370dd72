import { Counter, type Registry } from 'prom-client';
import type { Masker } from '../model/masking/masker.js';

/** Shows how many secrets each rule has masked. Counted as records are read, so what is read again counts again. */
export function exposeMasking(registry: Registry, masker: Masker): void {
  new Counter({
    name: 'vectadb_masked_total',
    help: 'Secrets and personal data masked, by rule',
    labelNames: ['rule'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [rule, count] of masker.counts) this.inc({ rule }, count);
    },
  });
}
