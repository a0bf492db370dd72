import type { GenerationRecord } from '../../../lib/kafka/generations/generation-record.js';

export interface Progress {
  /** The replay has come to this time, Unix milliseconds. */
  at: (timeMs: number) => void;
  /** It failed and begins again where it was. */
  retry: (reason: string) => void;
  end: () => void;
}

const REFRESH_MS = 200;

/** How far a replay has come, on one line of a terminal; where standard error is none, only what goes wrong. */
export function showProgress(
  stream: NodeJS.WriteStream,
  generation: number,
  { context_ms, until_ms }: Pick<GenerationRecord, 'context_ms' | 'until_ms'>,
): Progress {
  let shownMs = 0;
  const show = (text: string) => stream.write(`\r\u001b[K${text}`);
  return {
    at: (timeMs) => {
      const nowMs = Date.now();
      if (!stream.isTTY || nowMs - shownMs < REFRESH_MS) return;
      shownMs = nowMs;
      const share = Math.min(1, Math.max(0, (timeMs - context_ms) / Math.max(1, until_ms - context_ms)));
      show(`generation ${generation}: ${new Date(timeMs).toISOString()} ${Math.floor(share * 100)} %`);
    },
    retry: (reason) => {
      if (stream.isTTY) show('');
      stream.write(`vectadb: ${reason}; going on where it was\n`);
    },
    end: () => {
      if (stream.isTTY) show('');
    },
  };
}
