import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectRoot } from '../../../lib/config/root.js';
import type { Random } from '../../../lib/testing/random.js';
import { hex } from './draw.js';

export interface Tool {
  input: Record<string, string | number>;
  outputs: string[];
  errors: string[];
  /** Median latency, milliseconds. */
  ms: number;
}

export interface Domain {
  asks: string[];
  tools: string[];
  thoughts: string[];
  decisions: string[];
  answers: string[];
  notes: string[];
}

export interface Vocabulary {
  slots: Record<string, string | string[]>;
  domains: Record<string, Domain>;
  tools: Record<string, Tool>;
  models: string[];
  llm_errors: string[];
  agents: string[];
  roles: string[];
  access: string[];
  ambient: string[];
  boot: string[];
}

let read: Vocabulary | undefined;

/** What agents talk about, from vocabulary.yaml. */
export function vocabulary(): Vocabulary {
  read ??= parse(
    readFileSync(join(projectRoot(), 'services/simulator/labelled/vocabulary.yaml'), 'utf8'),
  ) as Vocabulary;
  return read;
}

/** Fills the slots of templates; what a slot was filled with stays for the life of the subject. */
export class Subject {
  private readonly values = new Map<string, string>();

  constructor(private readonly random: Random) {}

  fill(template: string): string {
    return template.replace(
      /\{\{|\}\}|\{(new:)?(\w+)\}/g,
      (whole, fresh: string | undefined, slot: string) => {
        if (whole === '{{' || whole === '}}') return whole[0]!;
        if (fresh) return this.draw(slot);
        const value = this.values.get(slot) ?? this.draw(slot);
        this.values.set(slot, value);
        return value;
      },
    );
  }

  private draw(slot: string): string {
    const source = vocabulary().slots[slot];
    if (source === undefined) throw new Error(`vocabulary.yaml has no slot ${slot}`);
    if (Array.isArray(source)) return this.random.pick(source);
    return source
      .replace(/#/g, () => String(1 + this.random.below(9)))
      .replace(/%/g, () => hex(this.random, 1));
  }
}
