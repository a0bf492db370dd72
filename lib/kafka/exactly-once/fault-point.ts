/** Named moments of the protocol at which tests end the process, to show that no moment loses or doubles anything. */
export const FAULT_POINTS = [
  'after-send',
  'after-offsets',
  'before-commit',
  'after-commit',
  'after-fence',
  'mid-restore',
  // of a consumer at least once: before its handler is given a batch, and before what the handler did is committed
  'before-write',
  'after-write',
] as const;

export type FaultPointName = (typeof FAULT_POINTS)[number];
export type FaultPoint = (name: FaultPointName) => void;

export const noFaultPoint: FaultPoint = () => {};

/** What may be done to the process: ended, or stopped until somebody sends SIGCONT. */
const SIGNALS = ['SIGKILL', 'SIGSTOP'] as const;

export type FaultSignal = (typeof SIGNALS)[number];

/**
 * `name:n`, `name:n:SIGSTOP` → a function that calls `strike` the n-th time that the named moment is reached; without a
 * signal it is SIGKILL.
 * @throws when the name is not one of {@link FAULT_POINTS}, n is not a positive integer, or the signal is another.
 */
export function faultPointAt(spec: string, strike: (signal: FaultSignal) => void): FaultPoint {
  const [name, count = '1', signal = 'SIGKILL'] = spec.split(':');
  let left = Number(count);
  const isKnown =
    (FAULT_POINTS as readonly string[]).includes(name!) && (SIGNALS as readonly string[]).includes(signal);
  if (!isKnown || !Number.isInteger(left) || left < 1) {
    throw new Error(
      `a fault point is NAME:N or NAME:N:SIGNAL with NAME one of ${FAULT_POINTS.join(', ')} and SIGNAL one of ${SIGNALS.join(', ')}; got '${spec}'`,
    );
  }
  return (reached) => {
    if (reached === name && --left === 0) strike(signal as FaultSignal);
  };
}
